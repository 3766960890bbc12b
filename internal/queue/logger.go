package queue

import (
	"fmt"
	"log/slog"
)

// logger writes asynq's lines to slog. asynq calls nothing fatal that this process should end for.
type logger struct{ to *slog.Logger }

func (l logger) Debug(args ...any) { l.to.Debug("asynq", "message", fmt.Sprint(args...)) }
func (l logger) Info(args ...any)  { l.to.Info("asynq", "message", fmt.Sprint(args...)) }
func (l logger) Warn(args ...any)  { l.to.Warn("asynq", "message", fmt.Sprint(args...)) }
func (l logger) Error(args ...any) { l.to.Error("asynq", "message", fmt.Sprint(args...)) }
func (l logger) Fatal(args ...any) { l.to.Error("asynq", "message", fmt.Sprint(args...)) }
