#include "fraction.hpp"

#include <limits>

#include "check.hpp"

using converter::Fraction;
using converter::Integer;
using converter::Overflow;

namespace {

// What the compiler can work out, it checks.
static_assert(Fraction(2, 4) == Fraction(1, 2));
static_assert(Fraction(1, -2) == Fraction(-1, 2));
static_assert(Fraction(0, -7) == 0);
static_assert(Fraction(1, 10) + Fraction(2, 10) == Fraction(3, 10));
static_assert(Fraction(1, 3) - Fraction(1, 3) == 0);
static_assert(Fraction(2, 3) * Fraction(3, 2) == 1);
static_assert(Fraction(1, 3) / Fraction(-2, 3) == Fraction(-1, 2));
static_assert(Fraction(-5, 2).whole() == -2);
static_assert(Fraction(-1, 2).is_negative() && !Fraction(0).is_negative());

constexpr Integer largest = (Integer(1) << 126) - 1 + (Integer(1) << 126);

void decimals() {
    const struct {
        Fraction value;
        std::string_view text;
    } cases[] = {
        {0, "0"},
        {42, "42"},
        {-42, "-42"},
        {{1, 4}, "0.25"},
        {{-1, 4}, "-0.25"},
        {{1, 3}, "0.3333"},
        {{2, 3}, "0.6667"},
        {{-2, 3}, "-0.6667"},
        {{100, 3}, "33.33"},
        {{1, 30000}, "0.00003333"},
        {{12345, 10}, "1235"},        // half away from zero
        {{-12345, 10}, "-1235"},
        {{12344, 10}, "1234"},
        {{123456, 1}, "123456"},      // the whole part in full
        {{9999, 10000}, "0.9999"},
        {{99996, 100000}, "1"},       // carried past the point
        {{999996, 1000}, "1000"},
        {{10001, 100000}, "0.1"},     // no zeros at the end
        {{largest, 1}, "170141183460469231731687303715884105727"},
    };
    for (const auto& [value, text] : cases) {
        check_equal(text, to_string(value, 4), text);
    }
}

template <typename Function>
bool overflows(Function function) {
    try {
        function();
    } catch (const Overflow&) {
        return true;
    }
    return false;
}

void limits() {
    check_equal("product", overflows([] { return Fraction(largest) * 2; }), true);
    check_equal("sum", overflows([] { return Fraction(largest) + 1; }), true);
    check_equal("denominators", overflows([] { return Fraction(1, largest) + Fraction(1, largest - 1); }), true);
    check_equal("what cancels out", overflows([] { return Fraction(largest, 2) * Fraction(2, largest); }), false);
    check_equal("the largest itself", overflows([] { return Fraction(largest - 1) + 1; }), false);
}

void no_denominator() {
    bool refused = false;
    try {
        static_cast<void>(Fraction(1) / 0);
    } catch (const std::domain_error&) {
        refused = true;
    }
    check_equal("division by zero", refused, true);
}

}  // namespace

int main() {
    decimals();
    limits();
    no_denominator();
    return told();
}
