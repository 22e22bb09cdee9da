#include "convert.hpp"

#include <algorithm>

#include "fraction.hpp"
#include "units.hpp"

namespace converter {
namespace {

constexpr int max_digits = 18;
constexpr int significant = 12;
constexpr Integer limit = 1'000'000'000'000'000'000;
constexpr std::string_view space = " \t\r\n";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// In quotes, as plain ASCII: a terminal must not obey what came in.
std::string quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            result += c;
        } else {
            result += {'\\', 'x', hex[byte >> 4], hex[byte & 0xf]};
        }
    }
    return result + '"';
}

// Reads a line from left to right. After every part it stands on the next character that isn't a space.
class Reader {
public:
    explicit Reader(std::string_view line) : line_(line) { skip_space(); }

    bool at_end() const { return at_ == line_.size(); }

    // [ "+" | "-" ] ( digits [ "." digits ] | "." digits )
    Fraction number() {
        const Integer sign = next() == '-' ? -1 : 1;
        if (next() == '-' || next() == '+') {
            ++at_;
        }
        Integer value = 0;
        Integer divisor = 1;
        int count = 0;
        const auto digits = [&](Integer shift) {
            const int before = count;
            for (; is_digit(next()); ++at_) {
                if (++count > max_digits) {
                    throw BadLine("number has more than " + std::to_string(max_digits) + " digits");
                }
                value = value * 10 + (next() - '0');
                divisor *= shift;
            }
            return count > before;
        };
        const bool whole = digits(1);
        if (next() == '.') {
            ++at_;
            if (!digits(10)) {
                expected("a digit");
            }
        } else if (!whole) {
            expected("a number");
        }
        skip_space();
        return {sign * value, divisor};
    }

    const Unit& unit() {
        const std::size_t start = column();
        const std::string_view name = word();
        if (name.empty()) {
            expected("a unit");
        }
        if (const Unit* found = find_unit(name)) {
            skip_space();
            return *found;
        }
        throw BadLine("unknown unit " + quoted(name) + " at column " + std::to_string(start));
    }

    void to() {
        const std::size_t start = at_;
        if (word() != "to") {
            at_ = start;
            expected("\"to\"");
        }
        skip_space();
    }

    void end() const {
        if (!at_end()) {
            expected("the end");
        }
    }

private:
    char next() const { return at_end() ? '\0' : line_[at_]; }

    void skip_space() { at_ = std::min(line_.find_first_not_of(space, at_), line_.size()); }

    std::string_view word() {
        const std::size_t start = at_;
        at_ = std::min(line_.find_first_of(space, at_), line_.size());
        return line_.substr(start, at_ - start);
    }

    // Counted in characters: of UTF-8's bytes, all but the first of a character begin with 10.
    std::size_t column() const {
        const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
        return static_cast<std::size_t>(std::ranges::count_if(line_.substr(0, at_), begins)) + 1;
    }

    // Says what should have stood here, and what did.
    [[noreturn]] void expected(std::string_view what) const {
        const std::string found = at_end() ? "the end" : quoted(line_.substr(at_, 1));
        throw BadLine("expected " + std::string(what) + " at column " + std::to_string(column()) + ", found " + found);
    }

    std::string_view line_;
    std::size_t at_ = 0;
};

std::string described(const Unit& unit) {
    return std::string(unit.name) + " (" + std::string(to_string(unit.kind)) + ")";
}

Fraction converted(const Fraction& value, const Unit& from, const Unit& to) {
    const Fraction base = value * from.scale + from.zero;
    if (from.kind == Kind::temperature && base.is_negative()) {
        throw BadLine("below absolute zero");
    }
    const Fraction result = (base - to.zero) / to.scale;
    if (result.whole() >= limit || result.whole() <= -limit) {
        throw Overflow();
    }
    return result;
}

}  // namespace

BadLine too_long() {
    return BadLine("line is longer than " + std::to_string(max_length) + " bytes");
}

std::string convert(std::string_view line) {
    if (line.size() > max_length) {
        throw too_long();
    }
    Reader reader(line);
    if (reader.at_end()) {
        throw BadLine("nothing to convert");
    }
    const Fraction value = reader.number();
    const Unit& from = reader.unit();
    reader.to();
    const Unit& to = reader.unit();
    reader.end();
    if (from.kind != to.kind) {
        throw BadLine("can't convert " + described(from) + " to " + described(to));
    }
    try {
        return to_string(converted(value, from, to), significant) + " " + std::string(to.name);
    } catch (const Overflow&) {
        throw BadLine("overflow: results must stay below " + to_string(limit, significant));
    }
}

}  // namespace converter
