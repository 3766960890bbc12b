package externalmetrics

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// certificateTTL is the life of a certificate, and renewBefore the rest of it at which the next one is made.
	certificateTTL = 365 * 24 * time.Hour
	renewBefore    = 90 * 24 * time.Hour
	// clockSkew is how much earlier a certificate is valid, for a clock of the API server that is behind.
	clockSkew = time.Hour

	authorityKey = "ca.crt" // of the Secret; the others are those of corev1
)

// keyPair is a certificate with its key, and the authority by which the API server verifies it.
type keyPair struct {
	certificate *tls.Certificate
	authority   []byte // PEM
}

// readKeyPair reads the certificate from the files, or from the Secret, which it fills when the certificate there is
// missing, belongs to another name or expires soon.
func (s *Server) readKeyPair(ctx context.Context) (keyPair, error) {
	if s.deps.Files.Certificate != "" {
		return s.readFiles()
	}
	var secret corev1.Secret
	if err := s.deps.Reader.Get(ctx, client.ObjectKey{Namespace: s.deps.Namespace, Name: s.deps.Secret}, &secret); err != nil {
		return keyPair{}, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	now := s.deps.Clock()
	if keys, err := parseKeyPair(secret.Data); err == nil && isUsable(keys.certificate.Leaf, s.deps.Host, now) {
		return s.observeExpiry(keys), nil
	}
	data, err := makeKeyPair(s.deps.Host, now, secret.Data[authorityKey])
	if err != nil {
		return keyPair{}, err
	}
	secret.Data = data
	if !s.deps.DryRun {
		// Two replicas may do this at the same time: the second gets a conflict, and reads the first one's.
		if err := s.deps.Client.Update(ctx, &secret); err != nil {
			return keyPair{}, fmt.Errorf("externalmetrics: certificate: %w", err)
		}
	}
	s.deps.Logger.Info("a certificate for the external metric is made", "secret", s.deps.Secret, "dry_run", s.deps.DryRun)
	keys, err := parseKeyPair(data)
	if err != nil {
		return keyPair{}, err
	}
	return s.observeExpiry(keys), nil
}

func (s *Server) readFiles() (keyPair, error) {
	data := map[string][]byte{}
	for key, file := range map[string]string{
		corev1.TLSCertKey: s.deps.Files.Certificate, corev1.TLSPrivateKeyKey: s.deps.Files.Key, authorityKey: s.deps.Files.Authority,
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			return keyPair{}, fmt.Errorf("externalmetrics: certificate: %w", err)
		}
		data[key] = b
	}
	keys, err := parseKeyPair(data)
	if err != nil {
		return keyPair{}, err
	}
	return s.observeExpiry(keys), nil
}

func (s *Server) observeExpiry(keys keyPair) keyPair {
	s.metrics.expiry.Set(float64(keys.certificate.Leaf.NotAfter.Unix()))
	return keys
}

func parseKeyPair(data map[string][]byte) (keyPair, error) {
	certificate, err := tls.X509KeyPair(data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return keyPair{}, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data[authorityKey]) {
		return keyPair{}, errors.New("externalmetrics: certificate: ca.crt holds none")
	}
	return keyPair{&certificate, data[authorityKey]}, nil
}

// isUsable reports whether a certificate is for the host, and need not be renewed yet.
func isUsable(leaf *x509.Certificate, host string, now time.Time) bool {
	return leaf.VerifyHostname(host) == nil && !now.Before(leaf.NotBefore) && leaf.NotAfter.Sub(now) > renewBefore
}

// makeKeyPair makes a certificate that is its own authority. The authority of the result includes the valid
// certificates of the previous one: other replicas present theirs until they read the Secret again.
func makeKeyPair(host string, now time.Time, previous []byte) (map[string][]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	// A common name has 64 characters at most: the name of the host is an alternative name.
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "tmd-external-metrics"}, DNSNames: []string{host},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(certificateTTL),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("externalmetrics: certificate: %w", err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return map[string][]byte{
		corev1.TLSCertKey:       certificate,
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		authorityKey:            append(slices.Clone(certificate), selectValid(previous, now)...),
	}, nil
}

// selectValid returns the newest certificate of a bundle, if it has not expired.
func selectValid(bundle []byte, now time.Time) []byte {
	block, _ := pem.Decode(bundle)
	if block == nil {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil || now.After(c.NotAfter) {
		return nil
	}
	return bytes.TrimLeft(pem.EncodeToMemory(block), "\n")
}
