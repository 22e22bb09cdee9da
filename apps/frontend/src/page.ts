import { CalcError, evaluate } from './calc'

const REMEMBERED = 10

/** Brings the page in index.html to life. */
export function start(page: Document): void {
  const form = find(page, 'calculator', HTMLFormElement)
  const input = find(page, 'expression', HTMLInputElement)
  const message = find(page, 'message', HTMLElement)
  const history = find(page, 'history', HTMLElement)
  const noHistory = find(page, 'no-history', HTMLElement)

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const expression = input.value.trim()
    const answer = calculate(expression)
    message.textContent = answer.text
    message.classList.toggle('error', !answer.ok)
    if (answer.ok) {
      input.removeAttribute('aria-invalid')
      const entry = page.createElement('li')
      entry.textContent = `${expression} = ${answer.value}` // text, never markup
      history.prepend(entry)
      while (history.children.length > REMEMBERED) history.lastElementChild?.remove()
      noHistory.hidden = true
      input.select()
    } else {
      input.setAttribute('aria-invalid', 'true')
      input.focus()
    }
  })
  input.focus()
}

type Answer = { ok: true; text: string; value: string } | { ok: false; text: string }

function calculate(expression: string): Answer {
  try {
    const value = evaluate(expression)
    return { ok: true, text: `Result: ${value}`, value }
  } catch (error) {
    if (error instanceof CalcError) return { ok: false, text: `Error: ${error.message}` }
    throw error
  }
}

function find<T extends HTMLElement>(page: Document, id: string, kind: new () => T): T {
  const element = page.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} "${id}"`)
  return element
}
