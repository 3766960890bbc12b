package filestore_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/filestore"
)

func TestRoomOnTheVolume(t *testing.T) {
	t.Parallel()
	store, err := filestore.New(filestore.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	registry := prometheus.NewRegistry()
	registry.MustRegister(store)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		values[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	free, size := values["tmd_uploads_volume_free_bytes"], values["tmd_uploads_volume_size_bytes"]
	if free <= 0 || size < free {
		t.Errorf("got %v free of %v, want some of more", free, size)
	}
}
