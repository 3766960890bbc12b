package plainpdf

import (
	"math"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// inheritable are the entries that a page takes from the nodes above it (ISO 32000-1, 7.7.3.4).
var inheritable = []string{"Resources", "MediaBox", "CropBox", "Rotate"}

// findPages returns the pages, each with what it inherits.
func (f *file) findPages() ([]dict, error) {
	catalogue, err := f.findDict(f.trailer["Root"])
	if err != nil {
		return nil, err
	}
	if catalogue["OCProperties"].kind != kindNull {
		return nil, notPlain("layers")
	}
	root, err := f.findDict(catalogue["Pages"])
	if err != nil {
		return nil, err
	}
	tree := pageTree{file: f}
	if err := tree.collectPages(catalogue["Pages"], dict{}); err != nil {
		return nil, err
	}
	if count, ok := root["Count"].wholeNumber(); !ok || count != len(tree.pages) || count == 0 {
		return nil, notPlain("wrong number of pages")
	}
	return tree.pages, nil
}

// pageTree collects the pages of a tree.
type pageTree struct {
	file  *file
	pages []dict
	nodes int
}

// maxNodes is the largest number of nodes of a tree: twice that of pages, so that one that contains itself ends.
const maxNodes = 2 * document.MaxPages

// collectPages adds the pages below a node.
func (t *pageTree) collectPages(o object, above dict) error {
	if t.nodes++; t.nodes > maxNodes {
		return notPlain("too many pages")
	}
	node, err := t.file.findDict(o)
	if err != nil {
		return err
	}
	inherited := dict{}
	for _, key := range inheritable {
		if inherited[key] = node[key]; node[key].kind == kindNull {
			inherited[key] = above[key]
		}
	}
	switch {
	case node["Type"].isName("Page"):
		inherited["Contents"], inherited["UserUnit"] = node["Contents"], node["UserUnit"]
		t.pages = append(t.pages, inherited)
		return nil
	case !node["Type"].isName("Pages"):
		return notPlain("unusual node of a page tree")
	}
	kids, err := t.file.findObject(node["Kids"])
	if err != nil {
		return err
	}
	for _, kid := range kids.list {
		if err := t.collectPages(kid, inherited); err != nil {
			return err
		}
	}
	return nil
}

// box is a rectangle of a page, y growing upwards.
type box struct{ left, bottom, right, top float64 }

func (f *file) readBox(o object) (box, error) {
	o, err := f.findObject(o)
	if err != nil {
		return box{}, err
	}
	if len(o.list) != 4 {
		return box{}, notPlain("unusual size of a page")
	}
	var v [4]float64
	for i, side := range o.list {
		if side.kind != kindNumber || math.Abs(side.number) > maxInteger {
			return box{}, notPlain("unusual size of a page")
		}
		v[i] = side.number
	}
	b := box{v[0], v[1], v[2], v[3]}
	if b.left >= b.right || b.bottom >= b.top {
		return box{}, notPlain("unusual size of a page")
	}
	return b, nil
}

// readFrame returns the part of a page that is displayed.
func (f *file) readFrame(page dict) (box, error) {
	rotation, err := f.findObject(page["Rotate"])
	if err != nil {
		return box{}, err
	}
	if rotation.kind != kindNull && (rotation.kind != kindNumber || rotation.number != 0) || page["UserUnit"].kind != kindNull {
		return box{}, notPlain("rotated or scaled page")
	}
	b, err := f.readBox(page["MediaBox"])
	if err != nil || page["CropBox"].kind == kindNull {
		return b, err
	}
	crop, err := f.readBox(page["CropBox"])
	b = box{max(b.left, crop.left), max(b.bottom, crop.bottom), min(b.right, crop.right), min(b.top, crop.top)}
	if err == nil && (b.left >= b.right || b.bottom >= b.top) {
		err = notPlain("unusual size of a page")
	}
	return b, err
}

// readPage returns the words of a page and the number of its characters.
func (f *file) readPage(page dict) (document.Page, int, error) {
	frame, err := f.readFrame(page)
	if err != nil {
		return document.Page{}, 0, err
	}
	content, err := f.readContent(page["Contents"])
	if err != nil {
		return document.Page{}, 0, err
	}
	resources, err := f.findDict(page["Resources"])
	if err != nil {
		return document.Page{}, 0, err
	}
	p := &interpreter{file: f, fonts: map[string]*font{}, resources: resources, state: graphicsState{ctm: identity}}
	if err := p.runContent(content); err != nil {
		return document.Page{}, 0, err
	}
	runs, err := arrangeRuns(p.runs)
	if err != nil {
		return document.Page{}, 0, err
	}
	words, err := joinWords(runs, frame, p.characters)
	return document.Page{Width: frame.right - frame.left, Height: frame.top - frame.bottom, Words: words}, p.characters, err
}

// readContent returns the content of a page, whose streams are one program together.
func (f *file) readContent(o object) ([]byte, error) {
	o, err := f.findObject(o)
	if err != nil {
		return nil, err
	}
	parts := o.list
	if o.kind == kindStream {
		return f.decodeStream(o)
	}
	var content []byte
	for _, part := range parts {
		part, err := f.findObject(part)
		if err != nil {
			return nil, err
		}
		if part.kind != kindStream {
			return nil, notPlain("page without content")
		}
		b, err := f.decodeStream(part)
		if err != nil {
			return nil, err
		}
		content = append(append(content, b...), '\n')
	}
	return content, nil
}
