package document

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const termPattern = `(Fall ?/ ?Winter|Winter ?/ ?Summer|Winter|Spring|Summer|Fall|Automne ?/ ?Hiver|Hiver ?/ ?[ÉE]té|Automne|Hiver|Printemps|[ÉE]té) ((?:19|20)\d\d(?:[-–](?:\d\d){1,2})?)`

var (
	termLine   = regexp.MustCompile(`(?i)^` + termPattern + `$`)
	termInText = regexp.MustCompile(`(?i)(?:^|[^\pL\d])` + termPattern + `\b`)
)

// parseTerm returns the term of text, as printed, and "" when text is anything else or contains more.
func parseTerm(text string) string { return spellTerm(termLine.FindStringSubmatch(text)) }

// firstTermIn returns the first term in text, nil when there is none.
func firstTermIn(text string) *string {
	if t := spellTerm(termInText.FindStringSubmatch(text)); t != "" {
		return &t
	}
	return nil
}

func spellTerm(match []string) string {
	if match == nil {
		return ""
	}
	season := strings.ReplaceAll(match[1], " ", "")
	if english := frenchSeasons[strings.ToLower(season)]; english != "" {
		season = english
	}
	return season + " " + strings.ReplaceAll(match[2], "–", "-")
}

// frenchSeasons are the seasons of records with labels in French.
var frenchSeasons = map[string]string{"automne": "Fall", "hiver": "Winter", "printemps": "Spring", "été": "Summer", "ete": "Summer",
	"automne/hiver": "Fall/Winter", "hiver/été": "Winter/Summer", "hiver/ete": "Winter/Summer"}

// seasons are the seasons in the order of a calendar year.
var seasons = []string{"winter", "winter/summer", "spring", "summer", "fall", "fall/winter"}

// compareTerms orders terms by time.
func compareTerms(a, b string) int { return termOrder(a) - termOrder(b) }

func termOrder(term string) int {
	season, year, _ := strings.Cut(strings.ToLower(term), " ")
	n, _ := strconv.Atoi(year[:min(len(year), 4)])
	return n*len(seasons) + slices.Index(seasons, season)
}
