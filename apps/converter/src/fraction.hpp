// Exact arithmetic: a tenth is a tenth here, and 32 °F is exactly 0 °C.
#pragma once

#include <stdexcept>
#include <string>

namespace converter {

// GCC and Clang have it on every 64-bit machine; the standard doesn't know it.
__extension__ using Integer = __int128;

struct Overflow : std::overflow_error {
    Overflow() : std::overflow_error("overflow") {}
};

// A fraction in lowest terms whose denominator is positive. Everything that wouldn't fit into 128 bits throws Overflow;
// where the compiler works it out, as in the table of units, it refuses to compile.
class Fraction {
public:
    constexpr Fraction(Integer numerator = 0, Integer denominator = 1) : numerator_(numerator), denominator_(denominator) {
        if (denominator == 0) {
            throw std::domain_error("division by zero");
        }
        const Integer divisor = greatest_common_divisor(numerator, denominator);
        numerator_ = numerator / divisor;
        denominator_ = denominator / divisor;
        if (denominator_ < 0) {
            numerator_ = times(numerator_, -1);
            denominator_ = times(denominator_, -1);
        }
    }

    // What stands before the point: 2 of 5/2, -2 of -5/2.
    constexpr Integer whole() const { return numerator_ / denominator_; }
    constexpr bool is_negative() const { return numerator_ < 0; }

    // What the two have in common goes first, so that nothing overflows on the way to a product that fits.
    friend constexpr Fraction operator*(const Fraction& a, const Fraction& b) {
        const Fraction across(a.numerator_, b.denominator_);
        const Fraction other(b.numerator_, a.denominator_);
        return {times(across.numerator_, other.numerator_), times(across.denominator_, other.denominator_)};
    }

    friend constexpr Fraction operator/(const Fraction& a, const Fraction& b) {
        return a * Fraction(b.denominator_, b.numerator_);
    }

    friend constexpr Fraction operator+(const Fraction& a, const Fraction& b) {
        return {plus(times(a.numerator_, b.denominator_), times(b.numerator_, a.denominator_)), times(a.denominator_, b.denominator_)};
    }

    friend constexpr Fraction operator-(const Fraction& a, const Fraction& b) {
        return a + b * Fraction(-1);
    }

    friend constexpr bool operator==(const Fraction&, const Fraction&) = default;

private:
    static constexpr Integer greatest_common_divisor(Integer a, Integer b) {
        while (b != 0) {
            const Integer rest = a % b;
            a = b;
            b = rest;
        }
        return a;
    }

    static constexpr Integer times(Integer a, Integer b) {
        Integer result = 0;
        if (__builtin_mul_overflow(a, b, &result)) {
            throw Overflow();
        }
        return result;
    }

    static constexpr Integer plus(Integer a, Integer b) {
        Integer result = 0;
        if (__builtin_add_overflow(a, b, &result)) {
            throw Overflow();
        }
        return result;
    }

    Integer numerator_;
    Integer denominator_;
};

// The value in decimal notation, rounded half away from zero to so many significant digits, without zeros at the end.
// The whole part is always shown in full.
std::string to_string(const Fraction& value, int significant);

}  // namespace converter
