// One line of conversion: "10 km to mi" gives "6.21371192237 mi".
//
// Rules
//
//   - A line is a number, a unit, "to" and another unit of the same kind. It holds at most 200 bytes.
//   - A number is whole (42) or decimal (0.5, .5), with at most 18 digits and a sign if need be. There is no exponent form,
//     and no infinity or NaN.
//   - Arithmetic is exact. A result is rounded half away from zero to twelve significant digits, its whole part always
//     shown in full.
//   - A result has at most 18 digits before the point, too: more is an overflow. No temperature lies below absolute zero.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace converter {

constexpr std::size_t max_length = 200;

// What is wrong with a line, in words for whoever wrote it.
struct BadLine : std::runtime_error {
    using std::runtime_error::runtime_error;
};

BadLine too_long();

// The answer to a line, with its unit. Throws BadLine.
std::string convert(std::string_view line);

}  // namespace converter
