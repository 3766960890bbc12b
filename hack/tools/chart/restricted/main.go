// Command restricted reads rendered manifests from standard input and fails when one of their pods does not meet the
// Pod Security level "restricted". It uses the same code as the API server.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// object is the part that all kinds with pods share: the kinds of apps and batch contain the pod in a template.
type object struct {
	Kind     string            `json:"kind"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Template *corev1.PodTemplateSpec `json:"template"`
		// Of a CronJob.
		JobTemplate struct {
			Spec struct {
				Template *corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		} `json:"jobTemplate"`
	} `json:"spec"`
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "restricted:", err)
		os.Exit(1)
	}
	pods, faults := check(text)
	for _, f := range faults {
		fmt.Fprintln(os.Stderr, "restricted:", f)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
	if pods == 0 {
		fmt.Fprintln(os.Stderr, "restricted: there is no pod in what was given")
		os.Exit(1)
	}
	fmt.Printf("restricted: %d pods meet it\n", pods)
}

func check(text []byte) (pods int, faults []string) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return 0, []string{err.Error()}
	}
	for _, document := range bytes.Split(text, []byte("\n---")) {
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			faults = append(faults, err.Error())
			continue
		}
		if job := o.Spec.JobTemplate.Spec.Template; job != nil {
			o.Spec.Template = job
		}
		var meta *metav1.ObjectMeta
		var spec *corev1.PodSpec
		switch {
		case o.Kind == "Pod":
			var pod corev1.Pod
			if err := yaml.Unmarshal(document, &pod); err != nil {
				faults = append(faults, err.Error())
				continue
			}
			meta, spec = &pod.ObjectMeta, &pod.Spec
		case o.Spec.Template != nil && len(o.Spec.Template.Spec.Containers) > 0:
			meta, spec = &o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec
		default:
			continue
		}
		pods++
		level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, meta, spec))
		if !result.Allowed {
			faults = append(faults, fmt.Sprintf("%s %s: %s", strings.ToLower(o.Kind), o.Metadata.Name, result.ForbiddenDetail()))
		}
	}
	return pods, faults
}
