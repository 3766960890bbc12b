// Package externalscaler is KEDA's gRPC protocol of external scalers. `make proto` writes its code from the .proto
// beside.
package externalscaler
