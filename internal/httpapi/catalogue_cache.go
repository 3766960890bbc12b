package httpapi

import (
	"context"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// cacheVersion is the prefix of every key. Another layout of respond.CompressedResponse gets another version, and
// never reads what an older process stored.
const cacheVersion = "v1:"

// writeCached answers from the cache, which load fills from the edition that the request chooses. key identifies the
// request within an edition.
func (a *API) writeCached(w http.ResponseWriter, r *http.Request, key string, load func(ctx context.Context, from Catalogue) (any, error)) error {
	from, keys, err := a.chooseEdition(r)
	if err != nil {
		return err
	}
	stored, err := a.cache.GetOrFill(r.Context(), cacheVersion+keys+key, a.cacheTTL, func(ctx context.Context) ([]byte, error) {
		v, err := load(ctx, from)
		if err != nil {
			return nil, err
		}
		return respond.CompressJSON(v)
	})
	if err != nil {
		return err
	}
	// A client revalidates its copy each time: a new catalogue shows at once.
	w.Header().Set("Cache-Control", "private, no-cache")
	return respond.CompressedResponse(stored).WriteResponse(w, r)
}
