#include "fraction.hpp"

#include <algorithm>

namespace converter {
namespace {

std::string digits_of(Integer whole) {
    std::string digits;
    do {
        digits += static_cast<char>('0' + static_cast<int>(whole % 10));
        whole /= 10;
    } while (whole != 0);
    std::ranges::reverse(digits);
    return digits;
}

// "1299" becomes "1300", and "99" becomes "100".
void add_one_to_the_last(std::string& digits) {
    auto digit = digits.rbegin();
    while (digit != digits.rend() && *digit == '9') {
        *digit++ = '0';
    }
    if (digit == digits.rend()) {
        digits.insert(digits.begin(), '1');
    } else {
        ++*digit;
    }
}

}  // namespace

std::string to_string(const Fraction& value, int significant) {
    const Fraction size = value.is_negative() ? 0 - value : value;
    std::string digits = digits_of(size.whole());
    Fraction rest = size - size.whole();

    // Long division. Zeros count from the first digit that isn't one.
    int shown = size.whole() == 0 ? 0 : static_cast<int>(digits.size());
    std::size_t decimals = 0;
    while (shown < significant && rest != 0) {
        rest = rest * 10;
        const Integer digit = rest.whole();
        rest = rest - digit;
        digits += static_cast<char>('0' + static_cast<int>(digit));
        ++decimals;
        shown += shown > 0 || digit != 0;
    }
    if ((rest * 2).whole() >= 1) {
        add_one_to_the_last(digits);
    }
    while (decimals > 0 && digits.back() == '0') {
        digits.pop_back();
        --decimals;
    }
    if (decimals > 0) {
        digits.insert(digits.size() - decimals, ".");
    }
    return (value.is_negative() ? "-" : "") + digits;
}

}  // namespace converter
