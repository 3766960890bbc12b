package catalogue

// The former names of the package. They go as soon as no other package uses them.
const (
	Academic           = AcademicTerm
	RuleEither         = RulePrerequisiteOrCorequisite
	RuleMinCreditsFrom = RuleMinCreditsFromSet
	RuleMaxCreditsFrom = RuleMaxCreditsFromSet
)

// Code is NormalizeCode.
func Code(s string) string { return NormalizeCode(s) }

// Load is LoadEmbedded.
func Load() (Data, error) { return LoadEmbedded() }

// Index is CourseIndex.
func (c *Catalogue) Index(code string) (int, bool) { return c.CourseIndex(code) }

// Course is FindCourse.
func (c *Catalogue) Course(code string) (Course, bool) { return c.FindCourse(code) }

// Pool is FindPool.
func (c *Catalogue) Pool(id string) (Pool, bool) { return c.FindPool(id) }

// Degree is FindDegree.
func (c *Catalogue) Degree(id string) (Degree, bool) { return c.FindDegree(id) }

// Sequence is FindSequence.
func (c *Catalogue) Sequence(name string) (Sequence, bool) { return c.FindSequence(name) }

// Degrees is StandaloneDegrees.
func (c *Catalogue) Degrees() []Degree { return c.StandaloneDegrees() }

// Closure is PrerequisiteClosure.
func (c *Catalogue) Closure(codes []string) []string { return c.PrerequisiteClosure(codes) }

// Closest is ClosestNames.
func (c *Catalogue) Closest(text string) []string { return c.ClosestNames(text) }
