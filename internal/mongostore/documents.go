package mongostore

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// The documents of the catalogue. Operators and other programs read them: the names of fields are a contract.

type ruleDocument struct {
	Type       catalogue.RuleType `bson:"type"`
	CourseList []string           `bson:"courseList,omitempty"`
	MinCourses int                `bson:"minCourses,omitempty"`
	MaxCourses *int               `bson:"maxCourses,omitempty"`
	MinCredits float64            `bson:"minCredits,omitempty"`
	MaxCredits float64            `bson:"maxCredits,omitempty"`
}

type courseDocument struct {
	Code       string         `bson:"_id"`
	Title      string         `bson:"title"`
	Credits    float64        `bson:"credits"`
	OfferedIn  []string       `bson:"offeredIn"`
	Rules      []ruleDocument `bson:"rules"`
	Repeatable bool           `bson:"repeatable,omitempty"`
}

type poolDocument struct {
	ID              string         `bson:"_id"`
	Name            string         `bson:"name"`
	CreditsRequired float64        `bson:"creditsRequired"`
	Courses         []string       `bson:"courses"`
	Rules           []ruleDocument `bson:"rules"`
}

type degreeDocument struct {
	ID           string               `bson:"_id"`
	Name         string               `bson:"name"`
	DegreeType   catalogue.DegreeType `bson:"degreeType"`
	Kind         catalogue.DegreeKind `bson:"kind,omitempty"`
	TotalCredits float64              `bson:"totalCredits"`
	ECPDegreeID  string               `bson:"ecpDegreeId"`
	Pools        []string             `bson:"coursePools"`
	Aliases      []string             `bson:"aliases,omitempty"`
}

type sequenceTermDocument struct {
	Type    catalogue.TermKind `bson:"type"`
	Label   string             `bson:"label,omitempty"`
	Courses []string           `bson:"courses"`
}

type sequenceDocument struct {
	Name     string                 `bson:"_id"`
	DegreeID string                 `bson:"degreeId,omitempty"`
	Calendar string                 `bson:"calendar,omitempty"`
	Terms    []sequenceTermDocument `bson:"terms"`
}

// equivalentsDocument is one set of equivalents. A list of lists would be simpler, but not every server that speaks
// MongoDB's protocol stores one.
type equivalentsDocument struct {
	Codes []string `bson:"codes"`
}

func toEquivalentsDocument(codes []string) equivalentsDocument { return equivalentsDocument{codes} }

func toEquivalents(d equivalentsDocument) []string { return d.Codes }

// mapSlice converts each element; nil stays nil, and empty stays empty.
func mapSlice[T, U any](list []T, convert func(T) U) []U {
	if list == nil {
		return nil
	}
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

func toRuleDocument(r catalogue.Rule) ruleDocument { return ruleDocument(r) }

func toRule(d ruleDocument) catalogue.Rule { return catalogue.Rule(d) }

func toCourseDocument(c catalogue.Course) courseDocument {
	return courseDocument{
		Code: c.Code, Title: c.Title, Credits: c.Credits, OfferedIn: c.OfferedIn, Rules: mapSlice(c.Rules, toRuleDocument),
		Repeatable: c.Repeatable,
	}
}

func toCourse(d courseDocument) catalogue.Course {
	return catalogue.Course{
		Code: d.Code, Title: d.Title, Credits: d.Credits, OfferedIn: d.OfferedIn, Rules: mapSlice(d.Rules, toRule),
		Repeatable: d.Repeatable,
	}
}

func toPoolDocument(p catalogue.Pool) poolDocument {
	return poolDocument{
		ID: p.ID, Name: p.Name, CreditsRequired: p.CreditsRequired, Courses: p.Courses, Rules: mapSlice(p.Rules, toRuleDocument),
	}
}

func toPool(d poolDocument) catalogue.Pool {
	return catalogue.Pool{
		ID: d.ID, Name: d.Name, CreditsRequired: d.CreditsRequired, Courses: d.Courses, Rules: mapSlice(d.Rules, toRule),
	}
}

func toDegreeDocument(g catalogue.Degree) degreeDocument { return degreeDocument(g) }

func toDegree(d degreeDocument) catalogue.Degree { return catalogue.Degree(d) }

func toSequenceDocument(s catalogue.Sequence) sequenceDocument {
	return sequenceDocument{
		Name: s.Name, DegreeID: s.DegreeID, Calendar: s.Calendar,
		Terms: mapSlice(s.Terms, func(t catalogue.SequenceTerm) sequenceTermDocument { return sequenceTermDocument(t) }),
	}
}

func toSequence(d sequenceDocument) catalogue.Sequence {
	return catalogue.Sequence{
		Name: d.Name, DegreeID: d.DegreeID, Calendar: d.Calendar,
		Terms: mapSlice(d.Terms, func(t sequenceTermDocument) catalogue.SequenceTerm { return catalogue.SequenceTerm(t) }),
	}
}

// editionDocument is the whole catalogue of one academic year, as JSON compressed with gzip: a tenth of its size, and
// read as one value. Operators find the newest edition in the collections.
type editionDocument struct {
	Calendar string    `bson:"_id"`
	Version  string    `bson:"version"`
	At       time.Time `bson:"at"`
	Contents []byte    `bson:"contents"`
}

func toEditionDocument(d catalogue.Data, at time.Time) (editionDocument, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(w).Encode(d), w.Close()); err != nil {
		return editionDocument{}, fmt.Errorf("mongodb: encode the edition %s: %w", d.Calendar, err)
	}
	return editionDocument{Calendar: d.Calendar, Version: d.Fingerprint(), At: at, Contents: b.Bytes()}, nil
}

func (d editionDocument) toEdition() (catalogue.Data, error) {
	var data catalogue.Data
	r, err := gzip.NewReader(bytes.NewReader(d.Contents))
	if err == nil {
		err = json.NewDecoder(r).Decode(&data)
	}
	if err != nil {
		return data, fmt.Errorf("decode the edition %s: %w", d.Calendar, err)
	}
	return data, nil
}

// timelineDocument is a timeline as a document. The names are those of the earlier system, whose timelines stay
// readable.
type timelineDocument struct {
	ID               bson.ObjectID            `bson:"_id"`
	Owner            string                   `bson:"userId"`
	DegreeID         string                   `bson:"degreeId"`
	Calendar         string                   `bson:"calendar,omitempty"`
	Name             string                   `bson:"name"`
	IsExtendedCredit bool                     `bson:"isExtendedCredit"`
	IsCoop           bool                     `bson:"isCoop"`
	Semesters        []semesterDocument       `bson:"semesters"`
	States           map[string]stateDocument `bson:"courseStatusMap"`
	Exemptions       []string                 `bson:"exemptions"`
	Deficiencies     []string                 `bson:"deficiencies"`
	Extra            []extraCourseDocument    `bson:"extraCourses,omitempty"`
	Required         float64                  `bson:"creditsRequired,omitempty"`
	Transfers        []transferDocument       `bson:"transfers,omitempty"`
	Warnings         []warning.Warning        `bson:"warnings,omitempty"`
	Pins             map[string]string        `bson:"pins,omitempty"`
	Waivers          []audit.Waiver           `bson:"waivers,omitempty"`
	Version          int64                    `bson:"version"`
	CreatedAt        time.Time                `bson:"createdAt"`
	UpdatedAt        time.Time                `bson:"updatedAt"`
	// ExpiresAt is when the timeline of a guest ends.
	ExpiresAt *time.Time `bson:"expiresAt,omitempty"`
}

type semesterDocument struct {
	Term    string            `bson:"term"`
	Courses []sittingDocument `bson:"courses"`
}

type sittingDocument struct {
	Code          string   `bson:"code"`
	Pool          string   `bson:"pool,omitempty"`
	Credits       *float64 `bson:"credits,omitempty"`
	IsBelowCMinus bool     `bson:"belowCMinus,omitempty"`
	Message       string   `bson:"message,omitempty"`
}

type stateDocument struct {
	Status   timeline.Status `bson:"status"`
	Semester *string         `bson:"semester"`
	Via      string          `bson:"via,omitempty"`
	Message  string          `bson:"message,omitempty"`
}

type extraCourseDocument struct {
	Code    string  `bson:"code"`
	Title   string  `bson:"title"`
	Credits float64 `bson:"credits"`
}

type transferDocument struct {
	Code    string   `bson:"code,omitempty"`
	Title   string   `bson:"title,omitempty"`
	Credits *float64 `bson:"credits,omitempty"`
	Via     string   `bson:"via"`
}

func toTransferDocument(t timeline.Transfer) transferDocument { return transferDocument(t) }

func toTransfer(d transferDocument) timeline.Transfer { return timeline.Transfer(d) }

func toSemesterDocument(s timeline.Semester) semesterDocument {
	return semesterDocument{s.Term, mapSlice(s.Courses, func(c timeline.Sitting) sittingDocument { return sittingDocument(c) })}
}

func toSemester(d semesterDocument) timeline.Semester {
	return timeline.Semester{Term: d.Term, Courses: mapSlice(d.Courses, func(c sittingDocument) timeline.Sitting { return timeline.Sitting(c) })}
}

func toStateDocument(s timeline.State) stateDocument {
	return stateDocument{Status: s.Status, Semester: s.Semester, Via: s.Via, Message: s.Message}
}

func toState(d stateDocument) timeline.State {
	return timeline.State{Status: d.Status, Semester: d.Semester, Via: d.Via, Message: d.Message}
}

func toExtraCourseDocument(x timeline.ExtraCourse) extraCourseDocument {
	return extraCourseDocument{Code: x.Code, Title: x.Title, Credits: x.Credits}
}

func toExtraCourse(d extraCourseDocument) timeline.ExtraCourse {
	return timeline.ExtraCourse{Code: d.Code, Title: d.Title, Credits: d.Credits}
}

// mapValues converts each value; nil stays nil.
func mapValues[T, U any](values map[string]T, convert func(T) U) map[string]U {
	if values == nil {
		return nil
	}
	out := make(map[string]U, len(values))
	for key, v := range values {
		out[key] = convert(v)
	}
	return out
}

func toTimelineDocument(t timeline.Saved, id bson.ObjectID) timelineDocument {
	return timelineDocument{
		ID: id, Owner: t.Owner, DegreeID: t.DegreeID, Calendar: t.Calendar, Name: t.Name, IsExtendedCredit: t.IsExtendedCredit, IsCoop: t.IsCoop,
		Semesters: mapSlice(t.Semesters, toSemesterDocument), States: mapValues(t.States, toStateDocument),
		Exemptions: t.Exemptions, Deficiencies: t.Deficiencies, Extra: mapSlice(t.Extra, toExtraCourseDocument),
		Required: t.Required, Transfers: mapSlice(t.Transfers, toTransferDocument), Warnings: t.Warnings, Pins: t.Pins, Waivers: t.Waivers,
		Version: t.Version, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func (d timelineDocument) toTimeline() timeline.Saved {
	return timeline.Saved{
		ID: d.ID.Hex(), Owner: d.Owner, DegreeID: d.DegreeID, Calendar: d.Calendar, Name: d.Name, IsExtendedCredit: d.IsExtendedCredit, IsCoop: d.IsCoop,
		Semesters: mapSlice(d.Semesters, toSemester), States: mapValues(d.States, toState),
		Exemptions: d.Exemptions, Deficiencies: d.Deficiencies, Extra: mapSlice(d.Extra, toExtraCourse),
		Required: d.Required, Transfers: mapSlice(d.Transfers, toTransfer), Warnings: d.Warnings, Pins: d.Pins, Waivers: d.Waivers,
		// The earlier system wrote documents without a version.
		Version: d.Version, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
}
