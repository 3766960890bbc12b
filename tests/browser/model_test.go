package browser_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The page's own state after each edit is what the server answers to a fresh read. An undo restores what was before.
const compareWithServer = `(async (job) => {
	const { applyDelta, toPatch } = await import("/assets/model.js");
	const path = "/api/timeline/status/" + job, headers = { Authorization: "Bearer " + sessionStorage.getItem("trackmydegree.token") };
	const read = async () => (await (await fetch(path + "?view=slim", { headers })).json()).data;
	const edit = async (patch) => {
		const answer = await fetch(path, { method: "PATCH", headers: { ...headers, "Content-Type": "application/json", Prefer: "return=minimal" }, body: JSON.stringify(patch) });
		const body = await answer.json();
		if (!answer.ok) throw new Error(JSON.stringify(body));
		return body.changed;
	};
	const order = (v) => Array.isArray(v) ? v.map(order) : v && typeof v === "object"
		? Object.fromEntries(Object.keys(v).filter((k) => k !== "gained" && !(k === "counts" && v[k].length === 0)).sort().map((k) => [k, order(v[k])])) : v;
	const normal = (data) => {
		const copy = order(data), sorted = (list) => (list ?? []).map((entry) => JSON.stringify(entry)).sort();
		for (const name of ["remarks", "pools", "warnings", "waivers"]) copy[name] = sorted(copy[name]);
		copy.progress.pools = sorted(copy.progress.pools);
		copy.pins ??= {};
		delete copy.plan;
		return copy;
	};
	const differences = (what, a, b) => Object.keys({ ...a, ...b }).filter((k) => JSON.stringify(a[k]) !== JSON.stringify(b[k]))
		.map((k) => what + ": " + k + ": " + JSON.stringify(a[k]).slice(0, 400) + " and " + JSON.stringify(b[k]).slice(0, 400));
	let own = await read();
	const states = [own], found = [];
	const steps = [
		[{ op: "addTerm", term: "FALL 2040" }, { op: "placeCourse", course: "SOEN 490", term: "FALL 2040" }],
		[{ op: "addTerm", term: "WINTER 2041" }, { op: "moveCourse", course: "SOEN 490", to: "WINTER 2041" }],
		[{ op: "placeCourse", course: "Technical Elective", term: "FALL 2040", pool: "SOEN_Software Engineering Electives" }],
		[{ op: "markCourse", course: "COMP 352", as: "incomplete", term: "SUMMER 2022" }],
		[{ op: "placeCourse", course: "COMP 333", term: "FALL 2040" }],
		[{ op: "waiveRemark", code: "prerequisite", course: "COMP 333", reason: "agreed" }],
		[{ op: "markCourse", course: "SOEN 321", as: "transferred" }, { op: "markCourse", course: "MATH 205", as: "deficient" }, { op: "markCourse", course: "ENGR 301", as: "exempted" }],
		[{ op: "removeTerm", term: "FALL 2040", courses: "return" }],
	];
	for (const [n, changes] of steps.entries()) {
		own = applyDelta(own, await edit({ changes }));
		states.push(own);
		found.push(...differences("step " + n, normal(own), normal(await read())));
	}
	while (states.length > 1) {
		const target = (states.pop(), states.at(-1)), patch = toPatch(own, target);
		own = applyDelta(own, await edit(patch));
		found.push(...differences("undo to " + (states.length - 1), normal(own), normal(target)));
	}
	return found;
})`

func TestModelFollowsServer(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	job := real.finishJob(t)
	s, p := startProxy(t, real)
	// The page has its scripts in one file: the test takes this part from its source.
	for _, name := range []string{"model.js", "terms.js"} {
		p.setRule("GET /assets/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, filepath.Join(testenv.RepoRoot(), "internal", "httpapi", "page", "static", name))
		})
	}
	tab := openPlan(t, s, job)
	found, err := chromedp.Run(tab, chromedp.Evaluate[[]string](compareWithServer+`("`+job+`")`, chromedp.EvalAwaitPromise))
	must(t, err)
	for _, difference := range found {
		t.Errorf("got another state than the server: %s", difference)
	}
}
