package externalmetrics

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
)

const (
	group   = "external.metrics.k8s.io"
	version = "v1beta1"
	kind    = "ExternalMetricValueList"
)

// newHandler serves the documents. Only the aggregator gets an answer.
func (s *Server) newHandler() http.Handler {
	mux := http.NewServeMux()
	for path, document := range map[string]any{
		"GET /apis/" + group + "/{$}": newGroup(), "GET /apis/" + group: newGroup(),
		"GET /apis/" + group + "/" + version: newResources(), "GET /apis/" + group + "/" + version + "/{$}": newResources(),
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { s.writeJSON(w, http.StatusOK, document) })
	}
	mux.HandleFunc("GET /apis/"+group+"/"+version+"/namespaces/{namespace}/{metric}", s.getMetric)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.writeError(w, apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "", "There is no such document.", 0, true))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.RLock()
		trusted := s.trusted
		s.mu.RUnlock()
		user, ok := trusted.authenticate(r)
		if !ok {
			s.writeError(w, apierrors.NewUnauthorized("Only the API server's aggregator gets an answer."))
			return
		}
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, user)))
	})
}

// userKey is the key of the caller in a request's context.
type userKey struct{}

func newGroup() metav1.APIGroup {
	v := metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + version, Version: version}
	return metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: group,
		Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v,
	}
}

func newResources() metav1.APIResourceList {
	return metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: group + "/" + version,
		APIResources: []metav1.APIResource{{Name: Metric, Namespaced: true, Kind: kind, Verbs: metav1.Verbs{"get"}}},
	}
}

// getMetric answers with the number of jobs, or with an error: never with a number that was not read.
func (s *Server) getMetric(w http.ResponseWriter, r *http.Request) {
	namespace, metric := r.PathValue("namespace"), r.PathValue("metric")
	if err := s.authorize(r.Context(), namespace, metric); err != nil {
		s.writeError(w, err)
		return
	}
	if namespace != s.deps.Namespace || metric != Metric {
		s.writeError(w, apierrors.NewNotFound(schema.GroupResource{Group: group, Resource: metric}, namespace))
		return
	}
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		s.writeError(w, apierrors.NewBadRequest("The labelSelector cannot be read."))
		return
	}
	list := metricsv1beta1.ExternalMetricValueList{
		TypeMeta: metav1.TypeMeta{Kind: kind, APIVersion: group + "/" + version}, Items: []metricsv1beta1.ExternalMetricValue{},
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	n, err := s.deps.Backlog.CountBacklog(ctx)
	if err != nil {
		s.deps.Logger.Warn("the external metric cannot be answered", "error", err)
		// The cause stays in the log: the sentence goes into the events of the autoscaler.
		s.writeError(w, apierrors.NewServiceUnavailable("The queue cannot be read."))
		return
	}
	if selector.Matches(labels.Set{}) { // the metric has no labels
		list.Items = append(list.Items, metricsv1beta1.ExternalMetricValue{
			MetricName: Metric, MetricLabels: map[string]string{}, Timestamp: metav1.NewTime(s.deps.Clock()),
			Value: *resource.NewQuantity(n, resource.DecimalSI),
		})
	}
	s.writeJSON(w, http.StatusOK, list)
}

// authorize asks the API server whether the caller may read the metric of the namespace.
func (s *Server) authorize(ctx context.Context, namespace, metric string) error {
	user, _ := ctx.Value(userKey{}).(authenticationv1.UserInfo)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: metric}, "", errors.New("the caller may not read it"))
	if namespace != s.deps.Namespace {
		return forbidden // a review of another namespace is not this controller's to ask for
	}
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	review := &authorizationv1.LocalSubjectAccessReview{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace},
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, Groups: user.Groups, Extra: extra,
			// Kubernetes asks with list for a path that names a resource and no object.
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "list", Group: group, Version: version, Resource: metric,
			},
		},
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	if err := s.deps.Client.Create(ctx, review); err != nil {
		s.deps.Logger.Warn("the caller of the external metric cannot be authorized", "error", err)
		return apierrors.NewServiceUnavailable("The caller cannot be authorized.")
	}
	if !review.Status.Allowed {
		return forbidden
	}
	return nil
}

// writeError answers with the Status of an error.
func (s *Server) writeError(w http.ResponseWriter, err error) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		status = apierrors.NewInternalError(err)
	}
	answer := status.Status()
	answer.Kind, answer.APIVersion = "Status", "v1"
	s.writeJSON(w, int(answer.Code), answer)
}

func (s *Server) writeJSON(w http.ResponseWriter, code int, document any) {
	s.metrics.requests.WithLabelValues(strconv.Itoa(code)).Inc()
	body, err := json.Marshal(document)
	if err != nil {
		s.deps.Logger.Error("a document cannot be encoded", "error", err)
		code, body = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
