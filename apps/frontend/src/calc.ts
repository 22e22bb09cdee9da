// Works out one line of arithmetic by the same rules as the calculator app (apps/calculator/internal/calc/calc.go says
// them in words). cases.json, a copy of that app's, is what both have to pass.

export const MAX_LENGTH = 1000
const DECIMALS = 10
const LIMIT = 9223372036854775807n

/** What is wrong with an expression, in words for the person who wrote it. */
export class CalcError extends Error {}

/** A fraction in lowest terms; the denominator is positive. Floating point would lose digits that the rules promise. */
interface Fraction {
  readonly num: bigint
  readonly den: bigint
}

/** The value of the expression as it is to be shown. Throws CalcError. */
export function evaluate(expression: string): string {
  const input = Array.from(expression) // characters, not UTF-16 halves, so that columns are right
  if (input.length > MAX_LENGTH) {
    throw new CalcError(`expression is longer than ${MAX_LENGTH} characters`)
  }
  return format(new Parser(input).all())
}

function format({ num, den }: Fraction): string {
  const scale = 10n ** BigInt(DECIMALS)
  // Twice the value plus one, halved: rounds half away from zero, since the sign is put aside.
  const scaled = (2n * abs(num) * scale + den) / (2n * den)
  const decimals = (scaled % scale).toString().padStart(DECIMALS, '0').replace(/0+$/, '')
  const sign = num < 0n && scaled > 0n ? '-' : ''
  return sign + (scaled / scale).toString() + (decimals && `.${decimals}`)
}

/** Recursive descent, evaluating as it goes. After every rule it stands on the next character that isn't a space. */
class Parser {
  private pos = 0

  constructor(private readonly input: readonly string[]) {}

  all(): Fraction {
    this.skipSpace()
    if (this.atEnd()) throw new CalcError('nothing to calculate')
    const value = this.sum()
    if (!this.atEnd()) throw this.expected('an operator')
    return value
  }

  /** sum = product { ("+" | "-") product } */
  private sum(): Fraction {
    let left = this.product()
    for (;;) {
      if (this.accept('+')) {
        const right = this.product()
        left = fraction(left.num * right.den + right.num * left.den, left.den * right.den)
      } else if (this.accept('-', '−')) {
        const right = this.product()
        left = fraction(left.num * right.den - right.num * left.den, left.den * right.den)
      } else {
        return left
      }
    }
  }

  /** product = factor { ("*" | "/") factor } */
  private product(): Fraction {
    let left = this.factor()
    for (;;) {
      if (this.accept('*', '×')) {
        const right = this.factor()
        left = fraction(left.num * right.num, left.den * right.den)
      } else if (this.accept('/', '÷')) {
        const right = this.factor()
        if (right.num === 0n) throw new CalcError('division by zero')
        left = fraction(left.num * right.den, left.den * right.num)
      } else {
        return left
      }
    }
  }

  /** factor = ("+" | "-") factor | "(" sum ")" | number */
  private factor(): Fraction {
    if (this.accept('+')) return this.factor()
    if (this.accept('-', '−')) {
      const { num, den } = this.factor()
      return { num: -num, den }
    }
    const opened = this.pos + 1
    if (!this.accept('(')) return this.number()
    const value = this.sum()
    if (this.accept(')')) return value
    if (this.atEnd()) throw new CalcError(`missing ")" for the "(" at column ${opened}`)
    throw this.expected('an operator or ")"')
  }

  /** number = digits [ "." digits ] | "." digits */
  private number(): Fraction {
    const whole = this.digits()
    let decimals = ''
    if (this.input[this.pos] === '.') {
      this.pos++
      decimals = this.digits()
      if (!decimals) throw this.expected('a digit')
    } else if (!whole) {
      throw this.expected('a number')
    }
    this.skipSpace()
    return fraction(BigInt(whole + decimals), 10n ** BigInt(decimals.length))
  }

  private digits(): string {
    const start = this.pos
    while (/^[0-9]$/.test(this.input[this.pos] ?? '')) this.pos++
    return this.input.slice(start, this.pos).join('')
  }

  private accept(...wanted: string[]): boolean {
    const found = this.input[this.pos]
    if (found === undefined || !wanted.includes(found)) return false
    this.pos++
    this.skipSpace()
    return true
  }

  private skipSpace(): void {
    while (/^[ \t\r\n]$/.test(this.input[this.pos] ?? '')) this.pos++
  }

  private atEnd(): boolean {
    return this.pos === this.input.length
  }

  /** Says what should have stood here, and what did. */
  private expected(what: string): CalcError {
    const char = this.input[this.pos]
    let found = 'the end'
    if (char !== undefined) {
      const code = char.codePointAt(0) ?? 0
      const control = code < 0x20 || (code >= 0x7f && code < 0xa0)
      found = control ? `U+${code.toString(16).toUpperCase().padStart(4, '0')}` : `"${char}"`
    }
    return new CalcError(`expected ${what} at column ${this.pos + 1}, found ${found}`)
  }
}

function fraction(num: bigint, den: bigint): Fraction {
  if (den < 0n) [num, den] = [-num, -den]
  if (abs(num) > LIMIT * den) throw new CalcError(`overflow: values must stay within ±${LIMIT}`)
  const divisor = gcd(abs(num), den)
  return { num: num / divisor, den: den / divisor }
}

function gcd(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b]
  return a
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}
