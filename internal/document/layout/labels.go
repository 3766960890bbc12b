package layout

import (
	"regexp"
	"slices"
	"strings"
)

// The fields of a card that are not columns of a table of courses.
const (
	fieldTerm    = "TERM"
	fieldSection = "SECTION"
	fieldNumber  = "NUMBER"
	fieldUnknown = "?"
)

// The columns of a record that are read but not used.
const (
	columnGPA      = "GPA"
	columnAverage  = "AVG"
	columnSize     = "SIZE"
	columnOther    = "OTHER"
	columnAttended = "ATTENDED"
)

// fieldLabels are the labels of the fields of a card, as foldLabel spells them.
var fieldLabels = map[string]string{
	"course": Course, "course code": Course, "code": Course, "class": Course, "course number": Course, "course no": Course,
	"subject": Course, "number": fieldNumber, "catalog nbr": fieldNumber, "catalog number": fieldNumber, "nbr": fieldNumber,
	"section": fieldSection, "sec": fieldSection, "sect": fieldSection,
	"description": Description, "title": Description, "course title": Description, "course name": Description, "name": Description,
	"course description": Description, "institution": Description, "school": Description,
	"attempted": Attempted, "credits attempted": Attempted, "attempted credits": Attempted, "credits": Attempted, "credit": Attempted,
	"cr": Attempted, "units": Attempted, "units attempted": Attempted, "att": Attempted, "credit hours": Attempted,
	"grade": Grade, "final grade": Grade, "mark": Grade, "gr": Grade, "official grade": Grade, "letter grade": Grade, "result": Grade,
	"notation": Notation, "notations": Notation,
	"gpa": columnGPA, "grade points": columnGPA, "points": columnGPA, "grade point": columnGPA, "course gpa": columnGPA,
	"avg": columnAverage, "class avg": columnAverage, "class average": columnAverage, "average": columnAverage,
	"size": columnSize, "class size": columnSize,
	"earned": Earned, "credits earned": Earned, "earned credits": Earned, "program credits earned": Earned, "units earned": Earned,
	"credit earned": Earned, "program credits": Earned, "earn": Earned,
	"other": columnOther, "status": fieldUnknown, "instructor": fieldUnknown, "component": fieldUnknown,
	"attended": columnAttended, "year attended": columnAttended, "year": columnAttended,
	"term": fieldTerm, "session": fieldTerm, "semester": fieldTerm,

	"cours": Course, "code du cours": Course, "sigle": Course, "sigle du cours": Course, "matiere": Course, "numero": fieldNumber,
	"groupe": fieldSection,
	"titre":  Description, "titre du cours": Description, "nom du cours": Description, "intitule": Description,
	"etablissement":  Description,
	"credits tentes": Attempted, "credits inscrits": Attempted, "credits suivis": Attempted, "tentes": Attempted, "unites": Attempted,
	"note": Grade, "note finale": Grade, "cote": Grade, "resultat": Grade,
	"mention": Notation, "mentions": Notation,
	"mpc": columnGPA, "moyenne": columnAverage, "moyenne du groupe": columnAverage, "moyenne de la classe": columnAverage,
	"taille": columnSize, "taille du groupe": columnSize, "taille de la classe": columnSize,
	"credits obtenus": Earned, "credits acquis": Earned, "credits reussis": Earned, "obtenus": Earned, "unites obtenues": Earned,
	"credits du programme obtenus": Earned, "credits obtenus au programme": Earned,
	"autre": columnOther, "statut": fieldUnknown, "enseignant": fieldUnknown,
	"annee": columnAttended, "annee de frequentation": columnAttended,
	"trimestre": fieldTerm, "semestre": fieldTerm, //nolint:misspell // French
}

// foldLabel spells a label in lower case, without full stops and accents.
func foldLabel(text string) string { return labelSpelling.Replace(strings.ToLower(text)) }

var labelSpelling = strings.NewReplacer(".", "", "à", "a", "â", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i",
	"ô", "o", "ù", "u", "û", "u", "ç", "c", "’", "'", "\u0300", "", "\u0301", "", "\u0302", "", "\u0327", "")

// maxLabelWords is the number of words of the longest label, with a colon that stands alone.
const maxLabelWords = 5

// labelledText is a label of a line and the words behind it, up to the next label. Field is "" for the words before the
// first label.
type labelledText struct {
	field string
	words []Word
	// marked reports that the label cannot be other text: a colon or a wide gap is behind it.
	marked bool
}

// labelGap is the smallest gap, in sizes, between a label and its value without a colon.
const labelGap = 1.0

// splitLabels cuts a line at its labels.
func splitLabels(l Line) []labelledText {
	words := separateColons(l.Words)
	parts := []labelledText{{}}
	for i := 0; i < len(words); {
		if i == 0 || words[i].X0-words[i-1].X1 > 0.2*l.Size {
			if field, n, marked := labelOf(words[i:], l.Size, i == 0); n > 0 {
				parts = append(parts, labelledText{field: field, marked: marked})
				i += n
				continue
			}
		}
		last := &parts[len(parts)-1]
		last.words = append(last.words, words[i])
		i++
	}
	if len(parts[0].words) == 0 {
		return parts[1:]
	}
	return parts
}

// separateColons cuts "GRADE:A-" behind its colon.
func separateColons(words []Word) []Word {
	if !slices.ContainsFunc(words, func(w Word) bool { return strings.Contains(w.Text, ":") }) {
		return words
	}
	var all []Word
	for _, w := range words {
		runes := []rune(w.Text)
		if at := slices.Index(runes, ':'); at > 0 && at+1 < len(runes) {
			all = append(all, SliceWord(w, runes, 0, at+1), SliceWord(w, runes, at+1, len(runes)))
			continue
		}
		all = append(all, w)
	}
	return all
}

// unknownLabel matches a label with a colon that is not one of a record.
var unknownLabel = regexp.MustCompile(`^\p{Lu}\pL*(?: \pL+){0,2} ?:$`)

// labelOf returns the label with which words begin and its number of words, 0 when there is none. A label ends with a
// colon, with a wide gap, or with the line; at the beginning of a line a value of its kind is enough.
func labelOf(words []Word, size float64, first bool) (field string, n int, marked bool) {
	for n := min(maxLabelWords, len(words)); n > 0; n-- {
		text := JoinWords(words[:n])
		known, colon := strings.CutSuffix(text, ":")
		known = strings.TrimSpace(known)
		if !colon && n < len(words) && words[n].Text == ":" {
			continue
		}
		field, ok := fieldLabels[foldLabel(known)]
		if !ok {
			if colon && first && n > 0 && unknownLabel.MatchString(text) {
				return fieldUnknown, n, true
			}
			continue
		}
		if isRemarkLabel(known) && !endsWithGrade(words[n:], size) {
			continue
		}
		wide := n < len(words) && words[n].X0-words[n-1].X1 >= labelGap*size
		switch {
		case colon, wide && (first || field != Course):
			return field, n, true
		case first && n == len(words):
			return field, n, false
		case first && isValueOf(field, words[n:]):
			return field, n, true
		}
	}
	return "", 0, false
}

// isRemarkLabel reports whether a label is that of the grade in French, and of a remark in English.
func isRemarkLabel(label string) bool { return strings.EqualFold(label, "note") }

// endsWithGrade reports whether words are a grade and perhaps further labels, or no value.
func endsWithGrade(words []Word, size float64) bool {
	if len(words) == 0 || knownGrade.MatchString(words[0].Text) {
		return true
	}
	_, n, marked := labelOf(words, size, true)
	return n > 0 && marked
}

// isValueOf reports whether words are a value that only a field of the kind has.
func isValueOf(field string, words []Word) bool {
	text := JoinWords(words)
	switch field {
	case Course:
		return courseCell.MatchString(text)
	case Attempted, Earned, columnGPA:
		return decimalPattern.MatchString(text)
	case Grade:
		return knownGrade.MatchString(text)
	}
	return false
}

// isLabelLine reports whether a line is a label and nothing else.
func isLabelLine(l Line) (field string, ok bool) {
	parts := splitLabels(l)
	if len(parts) != 1 || parts[0].field == "" || len(parts[0].words) > 0 {
		return "", false
	}
	return parts[0].field, true
}
