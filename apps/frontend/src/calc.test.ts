import { describe, expect, it } from 'vitest'
import { CalcError, evaluate, MAX_LENGTH } from './calc'
import cases from './cases.json'

describe('the cases that the calculator app has to pass too', () => {
  it.each(cases as { expression: string; result?: string; error?: string }[])(
    '$expression',
    ({ expression, result, error }) => {
      if (error === undefined) {
        expect(evaluate(expression)).toBe(result)
      } else {
        expect(() => evaluate(expression)).toThrow(new CalcError(error))
      }
    },
  )
})

describe('length', () => {
  it('takes the longest expression', () => {
    expect(evaluate('0' + ' − 0'.repeat(MAX_LENGTH / 4 - 1))).toBe('0')
    expect(evaluate('('.repeat(MAX_LENGTH / 2 - 1) + '1' + ')'.repeat(MAX_LENGTH / 2 - 1))).toBe('1')
    expect(evaluate('-'.repeat(MAX_LENGTH - 1) + '1')).toBe('-1')
    expect(evaluate('0.' + '3'.repeat(MAX_LENGTH - 2))).toBe('0.3333333333')
  })

  it('refuses a longer one', () => {
    expect(() => evaluate(' '.repeat(MAX_LENGTH) + '1')).toThrow('longer than 1000 characters')
  })

  it('counts characters, not UTF-16 units', () => {
    expect(() => evaluate('🍎'.repeat(MAX_LENGTH))).toThrow('expected a number at column 1')
  })
})
