package french

// Sentences are the sentences of both languages.
var Sentences = sentences
