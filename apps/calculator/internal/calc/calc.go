// Package calc works out one line of arithmetic.
//
// # Rules
//
//   - Numbers are whole (42) or decimal (0.5, .5). There is no exponent form.
//   - Operators are + - * / with the usual precedence, signs in front of a
//     number or a bracket, and brackets. The typographic × ÷ and − are accepted.
//   - Arithmetic is exact: 0.1 + 0.2 is 0.3, and 1 / 3 * 3 is 1. A whole result
//     is shown whole; any other is rounded, half away from zero, to ten decimals
//     without trailing zeros.
//   - No value, in between or at the end, may go beyond ±9223372036854775807
//     (what a signed 64-bit integer holds): that is an overflow.
//   - A line holds at most 1000 characters.
//
// The frontend app obeys the same rules; testdata/cases.json is the list of
// cases that both have to pass, and apps/frontend keeps a copy of it.
package calc

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxLength is the longest expression, in characters.
	MaxLength = 1000
	decimals  = 10
)

// The errors that carry no position.
var (
	ErrEmpty          = errors.New("nothing to calculate")
	ErrTooLong        = fmt.Errorf("expression is longer than %d characters", MaxLength)
	ErrDivisionByZero = errors.New("division by zero")
	ErrOverflow       = fmt.Errorf("overflow: values must stay within ±%d", int64(math.MaxInt64))
)

var limit = new(big.Rat).SetInt64(math.MaxInt64)

// Evaluate returns the value of the expression as it is to be shown.
func Evaluate(expression string) (string, error) {
	if utf8.RuneCountInString(expression) > MaxLength {
		return "", ErrTooLong
	}
	p := &parser{input: []rune(expression)}
	p.skipSpace()
	if p.atEnd() {
		return "", ErrEmpty
	}
	value, err := p.sum()
	if err != nil {
		return "", err
	}
	if !p.atEnd() {
		return "", p.expected("an operator")
	}
	return format(value), nil
}

func format(value *big.Rat) string {
	if value.IsInt() {
		return value.Num().String()
	}
	text := strings.TrimRight(value.FloatString(decimals), "0")
	text = strings.TrimSuffix(text, ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// parser is a recursive descent parser that evaluates as it goes. After every
// rule it stands on the next character that isn't a space.
type parser struct {
	input []rune
	pos   int
}

// sum = product { ("+" | "-") product }
func (p *parser) sum() (*big.Rat, error) {
	left, err := p.product()
	for err == nil {
		var right *big.Rat
		switch {
		case p.accept('+'):
			if right, err = p.product(); err == nil {
				left, err = checked(new(big.Rat).Add(left, right))
			}
		case p.accept('-', '−'):
			if right, err = p.product(); err == nil {
				left, err = checked(new(big.Rat).Sub(left, right))
			}
		default:
			return left, nil
		}
	}
	return nil, err
}

// product = factor { ("*" | "/") factor }
func (p *parser) product() (*big.Rat, error) {
	left, err := p.factor()
	for err == nil {
		var right *big.Rat
		switch {
		case p.accept('*', '×'):
			if right, err = p.factor(); err == nil {
				left, err = checked(new(big.Rat).Mul(left, right))
			}
		case p.accept('/', '÷'):
			if right, err = p.factor(); err == nil {
				if right.Sign() == 0 {
					return nil, ErrDivisionByZero
				}
				left, err = checked(new(big.Rat).Quo(left, right))
			}
		default:
			return left, nil
		}
	}
	return nil, err
}

// factor = ("+" | "-") factor | "(" sum ")" | number
func (p *parser) factor() (*big.Rat, error) {
	if p.accept('+') {
		return p.factor()
	}
	if p.accept('-', '−') {
		value, err := p.factor()
		if err != nil {
			return nil, err
		}
		return value.Neg(value), nil
	}
	opened := p.column()
	if !p.accept('(') {
		return p.number()
	}
	value, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.accept(')') {
		return value, nil
	}
	if p.atEnd() {
		return nil, fmt.Errorf(`missing ")" for the "(" at column %d`, opened)
	}
	return nil, p.expected(`an operator or ")"`)
}

// number = digits [ "." digits ] | "." digits
func (p *parser) number() (*big.Rat, error) {
	start := p.pos
	whole := p.digits()
	if p.pos < len(p.input) && p.input[p.pos] == '.' {
		p.pos++
		if p.digits() == 0 {
			return nil, p.expected("a digit")
		}
	} else if whole == 0 {
		return nil, p.expected("a number")
	}
	value, ok := new(big.Rat).SetString(string(p.input[start:p.pos]))
	if !ok { // can't be: only digits and one point got here
		return nil, p.expected("a number")
	}
	p.skipSpace()
	return checked(value)
}

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.input) && p.input[p.pos] >= '0' && p.input[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

func (p *parser) accept(wanted ...rune) bool {
	if p.atEnd() {
		return false
	}
	for _, r := range wanted {
		if p.input[p.pos] == r {
			p.pos++
			p.skipSpace()
			return true
		}
	}
	return false
}

func (p *parser) skipSpace() {
	for p.pos < len(p.input) && strings.ContainsRune(" \t\r\n", p.input[p.pos]) {
		p.pos++
	}
}

func (p *parser) atEnd() bool { return p.pos == len(p.input) }

func (p *parser) column() int { return p.pos + 1 }

// expected says what should have stood here, and what did.
func (p *parser) expected(what string) error {
	found := "the end"
	if !p.atEnd() {
		r := p.input[p.pos]
		found = `"` + string(r) + `"`
		if unicode.IsControl(r) {
			found = fmt.Sprintf("U+%04X", r)
		}
	}
	return fmt.Errorf("expected %s at column %d, found %s", what, p.column(), found)
}

func checked(value *big.Rat) (*big.Rat, error) {
	if new(big.Rat).Abs(value).Cmp(limit) > 0 {
		return nil, ErrOverflow
	}
	return value, nil
}
