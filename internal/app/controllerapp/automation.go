package controllerapp

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
	"github.com/trackmydegree/trackmydegree/internal/controller/scaler"
)

func (w wiring) newImageUpdater() (part, error) {
	selector, err := labels.Parse(w.config.ReleaseSelector)
	if err != nil {
		return nil, fmt.Errorf("TMD_RELEASE_SELECTOR: %w", err)
	}
	schedule, err := imageupdate.ParseSchedule(w.config.ImagesSchedule)
	if err != nil {
		return nil, fmt.Errorf("TMD_IMAGES_SCHEDULE: %w", err)
	}
	return imageupdate.New(imageupdate.Deps{
		Client: w.manager.GetClient(), Reader: w.manager.GetAPIReader(), Events: w.manager.GetEventRecorder(eventRecorder),
		Registry: &imageupdate.Remote{PlainHTTP: w.config.ImagesPlainHTTP}, Schedule: schedule, Deadline: w.config.ImagesDeadline,
		Namespace: w.config.Namespace, Selector: selector, DryRun: w.config.DryRun,
		Clock: time.Now, Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}

func (w wiring) newPushScaler() (part, error) {
	s, err := scaler.New(scaler.Deps{Queue: scalerQueue{w.depths, w.workers}, Logger: w.telemetry.Log, Registerer: w.registerer})
	if err != nil {
		return nil, err
	}
	return &scaler.Server{
		Scaler: s,
		Addr:   string(w.config.ScalerAddr),
		TLS:    scaler.TLS{Certificate: w.config.ScalerCert, Key: w.config.ScalerKey, ClientCA: w.config.ScalerClientCA},
	}, nil
}

func (w wiring) newExternalMetrics() (part, error) {
	return externalmetrics.New(externalmetrics.Deps{
		Backlog: scalerQueue{w.depths, w.workers}, Client: w.manager.GetClient(), Reader: w.manager.GetAPIReader(),
		Namespace: w.config.Namespace, Addr: string(w.config.ExternalMetricsAddr), Host: w.config.ExternalMetricsHost,
		Secret: w.config.ExternalMetricsSecret,
		Files: externalmetrics.Files{
			Certificate: w.config.ExternalMetricsCert, Key: w.config.ExternalMetricsKey, Authority: w.config.ExternalMetricsCA,
		},
		DryRun: w.config.DryRun, Clock: time.Now, Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}
