package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// AggregatorName is the common name of the certificate by which the API server identifies itself to the servers of
// APIServices.
const AggregatorName = "aggregator"

// The files of that certificate, which is its own authority.
const (
	aggregatorCert = "aggregator.crt"
	aggregatorKey  = "aggregator.key"
)

// AggregatorCertificate returns the certificate of the API server's aggregator, for tests that send what it would send.
func (s *Server) AggregatorCertificate(tb testing.TB) tls.Certificate {
	tb.Helper()
	s.RestConfig(tb)
	c, err := tls.LoadX509KeyPair(filepath.Join(s.folder, aggregatorCert), filepath.Join(s.folder, aggregatorKey))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// writeAggregator creates the certificate and enables the aggregation layer with it.
func writeAggregator(folder string, flags *envtest.Arguments) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: AggregatorName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	cert, keyFile := filepath.Join(folder, aggregatorCert), filepath.Join(folder, aggregatorKey)
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: public}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	for flag, value := range map[string]string{
		"proxy-client-cert-file": cert, "proxy-client-key-file": keyFile,
		"requestheader-client-ca-file": cert, "requestheader-allowed-names": AggregatorName,
		"requestheader-username-headers": "X-Remote-User", "requestheader-group-headers": "X-Remote-Group",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
	} {
		flags.Set(flag, value)
	}
	return nil
}
