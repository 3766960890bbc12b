package pdftext

import "errors"

// OpenModuleCache opens and closes a folder of compiled modules.
func OpenModuleCache(dir string) error {
	c, err := openModuleCache(dir)
	if err != nil {
		return err
	}
	return c.close()
}

// NewWithoutFolder returns an extractor whose cache folder is deleted by remove after it was opened.
func NewWithoutFolder(dir string, remove func() error) (*Extractor, error) {
	e := &Extractor{}
	if e.cache, e.cacheProblem = openModuleCache(dir); e.cacheProblem != nil {
		return nil, e.cacheProblem
	}
	return e, errors.Join(remove(), e.startPool())
}
