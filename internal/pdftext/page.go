package pdftext

import (
	"errors"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// readPage reads the page with the index, and subtracts its contents from left. layers reports that the document has
// optional content, of which a part may be switched off.
func (r *reader) readPage(doc uint64, index int, left *budget, layers bool) (document.Page, error) {
	page, err := r.callFunction(r.loadPage, doc, uint64(index))
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if page == 0 {
		return document.Page{}, fault.Wrap(fault.Corrupt, errors.New("cannot be loaded"))
	}
	objects, err := r.callFunction(r.countObjects, page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if n := int32(objects); n > maxObjects || left.objects.Add(-int64(max(n, 0))) < 0 {
		return document.Page{}, fault.Wrap(fault.TooComplex, fmt.Errorf("%d objects", n))
	}
	f, err := r.readFrame(page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	text, err := r.callFunction(r.loadText, page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if text == 0 {
		return document.Page{}, fault.Wrap(fault.Corrupt, errors.New("its text cannot be loaded"))
	}
	count, err := r.callFunction(r.countChars, text)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	n := int(int32(count))
	if left.characters.Add(-int64(max(n, 0))) < 0 {
		return document.Page{}, fault.Wrap(fault.TooComplex, fmt.Errorf("more than %d characters", document.MaxCharacters))
	}
	p, err := r.readText(page, text, n, f, layers)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	width, height := p.frame.pageSize()
	result := document.Page{Width: width, Height: height, Words: p.words.Words()}
	if len(result.Words) == 0 {
		if result.Drawn, err = r.isDrawn(page, int(int32(objects)), f); err != nil {
			return document.Page{}, tooComplex(err)
		}
	}
	// Closing what has been read keeps a long document's memory at one page.
	if _, err := r.callFunction(r.closeText, text); err != nil {
		return document.Page{}, tooComplex(err)
	}
	if _, err := r.callFunction(r.closePage, page); err != nil {
		return document.Page{}, tooComplex(err)
	}
	return result, nil
}

// readText reads the words of a page. A page most of whose text runs in another direction, because it was printed
// sideways or upside down, is rotated and read again.
func (r *reader) readText(page, text uint64, n int, f frame, layers bool) (*textPage, error) {
	hidden, err := r.hiddenText(page, text, n, f, layers)
	if err != nil {
		return nil, err
	}
	p := &textPage{reader: r, text: text, count: n, frame: f, hidden: hidden}
	if err := p.readWords(); err != nil {
		return nil, err
	}
	most := 0
	for turns, n := range p.directions {
		if n > p.directions[most] {
			most = turns
		}
	}
	if most == 0 {
		return p, nil
	}
	f.turns = (f.turns + uint64(most)) & 3
	p = &textPage{reader: r, text: text, count: n, frame: f, hidden: hidden}
	return p, p.readWords()
}

// Kinds of page objects.
const (
	objectText  = 1
	objectPath  = 2
	objectImage = 3
	objectForm  = 5
)

const (
	// drawnPaths is the smallest number of paths of a page whose text was converted to outlines; rules and frames are
	// fewer.
	drawnPaths = 200
	// drawnPart is the smallest share of a page that a picture of it covers; a logo is smaller.
	drawnPart = 0.2
)

// isDrawn reports whether a page without words shows something that may be text: a picture of a page, or letters
// drawn as outlines.
func (r *reader) isDrawn(page uint64, objects int, f frame) (bool, error) {
	paths, pictures := 0, 0.0
	for i := range objects {
		object, err := r.callFunction(r.getObject, page, uint64(i))
		if err != nil {
			return false, err
		}
		kind, err := r.callFunction(r.objectType, object)
		if err != nil {
			return false, err
		}
		switch kind {
		case objectPath:
			paths++
		case objectImage, objectForm:
			at := uint64(r.scratch)
			if _, err := r.callFunction(r.objectBounds, object, at, at+4, at+8, at+12); err != nil {
				return false, err
			}
			left, bottom, right, top := r.readRect()
			pictures += (right - left) * (top - bottom)
		case objectText:
			return true, nil // its characters are invisible, or not upright
		}
	}
	return paths > drawnPaths || pictures > drawnPart*(f.right-f.left)*(f.top-f.bottom), nil
}
