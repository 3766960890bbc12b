package filestore

import (
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

var (
	freeDesc = prometheus.NewDesc("tmd_uploads_volume_free_bytes",
		"Room that is left on the volume of uploads. Every process reports the same: take the minimum.", nil, nil)
	sizeDesc = prometheus.NewDesc("tmd_uploads_volume_size_bytes",
		"Size of the volume of uploads. Every process reports the same.", nil, nil)
)

// Describe makes the store a collector of the room on its volume, which it reads at each scrape.
func (s *Store) Describe(descs chan<- *prometheus.Desc) {
	descs <- freeDesc
	descs <- sizeDesc
}

// Collect reports nothing while the volume does not answer.
func (s *Store) Collect(metrics chan<- prometheus.Metric) {
	var volume unix.Statfs_t
	if err := s.withFolder(func(folder int) error { return unix.Fstatfs(folder, &volume) }); err != nil {
		return
	}
	block := float64(volume.Bsize)
	metrics <- prometheus.MustNewConstMetric(freeDesc, prometheus.GaugeValue, float64(volume.Bavail)*block)
	metrics <- prometheus.MustNewConstMetric(sizeDesc, prometheus.GaugeValue, float64(volume.Blocks)*block)
}
