// Package externalscaler is KEDA's gRPC protocol of external scalers. `make proto` generates its code from the .proto
// file of this directory.
package externalscaler
