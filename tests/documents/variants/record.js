// Builds the body of a synthetic document from its data. The page that includes it brings the style.
const add = (parent, tag, text, name) => {
  const e = document.createElement(tag)
  if (text !== undefined) e.textContent = text
  if (name) e.className = name
  parent.append(e)
  return e
}

const table = (name, header, rows) => {
  const t = add(document.body, 'table', undefined, name)
  const head = add(add(t, 'thead'), 'tr')
  header.forEach((text, i) => { add(head, 'th', text).colSpan = i === 0 ? 3 : 1 })
  const body = add(t, 'tbody')
  rows.forEach(cells => { const tr = add(body, 'tr'); cells.forEach(c => add(tr, 'td', c)) })
}

// lines, then terms: {term, program, transfers: [[code, number, from, grade, year, credits]],
// courses: [[code, number, section, title, attempted, grade, notation, gpa, average, size, earned, other]], after: [lines]}
function transcript(lines, terms) {
  add(document.body, 'h1', 'Student Record')
  lines.forEach(text => add(document.body, text.startsWith('Active in') ? 'h4' : 'div', text))
  terms.forEach(t => {
    if (t.break) add(document.body, 'div', '', 'break')
    add(document.body, 'h3', t.term)
    add(document.body, 'div', t.program || 'Bachelor of Engineering, Software Engineering')
    if (t.transfers) {
      add(document.body, 'div', 'Transfer Credits')
      table('transfers', ['COURSE', 'DESCRIPTION', 'GRADE', 'YEAR ATTENDED', 'PROGRAM CREDITS EARNED'],
        t.transfers.map(([code, number, ...rest]) => [code, number, '', ...rest]))
    }
    if (t.courses) table('courses', ['COURSE', 'DESCRIPTION', 'ATTEMPTED', 'GRADE', 'NOTATION', 'GPA', 'CLASS AVG', 'CLASS SIZE',
      'PROGRAM CREDITS EARNED', 'OTHER'], t.courses)
    for (const text of t.after || []) add(document.body, 'p', text)
  })
}

// Pairs of a label and its lines; one without a label goes across the page.
function letter(pairs) {
  const t = add(document.body, 'table', undefined, 'letter')
  pairs.forEach(([label, ...lines]) => {
    const tr = add(t, 'tr')
    if (label === '') { add(tr, 'td', lines[0]).colSpan = 2; return }
    add(tr, 'td', label)
    const value = add(tr, 'td')
    lines.forEach(text => add(value, 'div', text))
  })
}
