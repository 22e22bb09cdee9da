// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import html from '../index.html?raw'
import { start } from './page'

const text = (selector: string): string => document.querySelector(selector)?.textContent?.trim() ?? 'absent'
const input = (): HTMLInputElement => document.querySelector('input') as HTMLInputElement

function calculate(expression: string): Event {
  input().value = expression
  const event = new Event('submit', { cancelable: true })
  document.querySelector('form')?.dispatchEvent(event)
  return event
}

beforeEach(() => {
  document.body.innerHTML = html.slice(html.indexOf('<body>') + '<body>'.length, html.indexOf('</body>'))
  start(document)
})

describe('the page', () => {
  it('answers', () => {
    const event = calculate(' 6 * 7 ')
    expect(event.defaultPrevented).toBe(true) // the page isn't left
    expect(text('#message')).toBe('Result: 42')
    expect(text('#history li')).toBe('6 * 7 = 42')
    expect((document.querySelector('#no-history') as HTMLElement).hidden).toBe(true)
  })

  it('says what is wrong, and takes it back', () => {
    calculate('1 / 0')
    expect(text('#message')).toBe('Error: division by zero')
    expect(document.querySelector('#message')?.className).toBe('error')
    expect(input().getAttribute('aria-invalid')).toBe('true')
    expect(document.querySelectorAll('#history li')).toHaveLength(0)
    calculate('1 + 0')
    expect(document.querySelector('#message')?.className).toBe('')
    expect(input().hasAttribute('aria-invalid')).toBe(false)
  })

  it('remembers the last ten, newest first', () => {
    for (let n = 1; n <= 12; n++) calculate(`${n} + 0`)
    const entries = [...document.querySelectorAll('#history li')].map((entry) => entry.textContent)
    expect(entries).toHaveLength(10)
    expect(entries[0]).toBe('12 + 0 = 12')
    expect(entries[9]).toBe('3 + 0 = 3')
  })

  it('shows what was typed as text, never as markup', () => {
    calculate('<img src=x>')
    expect(document.querySelector('#message img')).toBeNull()
    expect(text('#message')).toContain('found "<"')
  })

  it('has a name for everything that can be used', () => {
    expect(document.querySelector('label')?.getAttribute('for')).toBe(input().id)
    for (const id of (input().getAttribute('aria-describedby') ?? '').split(' ')) {
      expect(document.getElementById(id)).not.toBeNull()
    }
    expect(text('button')).not.toBe('')
    expect(document.querySelector('#message')?.getAttribute('role')).toBe('status')
  })

  it('refuses a page that it does not fit', () => {
    document.querySelector('#message')?.remove()
    expect(() => start(document)).toThrow('index.html has no')
  })
})
