#include "program.hpp"

#include <array>
#include <istream>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string_view>

#include "convert.hpp"
#include "units.hpp"

namespace converter {
namespace {

void print_help(std::ostream& out) {
    out << "Usage: converter [NUMBER UNIT to UNIT]\n"
           "\n"
           "With arguments, prints their answer: converter 10 km to mi\n"
           "Without, answers a line after another until \"exit\" or the end of the input.\n"
           "Results are exact, shown to twelve significant digits.\n"
           "\n"
           "Units:";
    std::optional<Kind> kind;
    for (const Unit& unit : units()) {
        if (kind != unit.kind) {
            kind = unit.kind;
            out << "\n  " << to_string(unit.kind) << ":";
        }
        out << " " << unit.name;
    }
    out << "\n";
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Writes what has been said so far; what can't be written is an error, not something to go on after.
void flush(std::ostream& out) {
    if (!out.flush()) {
        throw std::runtime_error("writing the output failed");
    }
}

// The next line without its end; nothing at the end of the input. Of a line that is too long nothing is kept: BadLine.
std::optional<std::string> read_line(std::istream& in) {
    std::array<char, max_length + 2> buffer{};  // the longest line, its end and a zero
    in.getline(buffer.data(), buffer.size());
    if (in.bad()) {
        throw std::runtime_error("reading the input failed");
    }
    const auto count = static_cast<std::size_t>(in.gcount());
    if (in.eof()) {
        return count == 0 ? std::nullopt : std::optional(std::string(buffer.data(), count));
    }
    if (in.fail()) {
        in.clear();
        in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        throw too_long();
    }
    return std::string(buffer.data(), count - 1);
}

// Worked out before anything of it is written: of a bad line, nothing may reach the output.
std::string answer(std::string_view line) {
    return "Result: " + convert(line) + "\n";
}

// Answers line after line. Fails only when it can't read or write.
void converse(std::istream& in, std::ostream& out, std::ostream& err, bool interactive) {
    const auto prompt = [&](std::string_view text) {
        if (interactive) {
            out << text;
            flush(out);
        }
    };
    prompt("A conversion a line, such as 10 km to mi; \"exit\" ends.\n");
    while (true) {
        prompt("> ");
        try {
            const std::optional<std::string> line = read_line(in);
            if (!line) {
                prompt("\n");
                return;
            }
            const std::string_view text = trimmed(*line);
            if (text == "exit") {
                return;
            }
            if (!text.empty()) {
                out << answer(text);
                flush(out);
            }
        } catch (const BadLine& error) {
            err << "error: " << error.what() << std::endl;
        }
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string result;
    for (const std::string& word : words) {
        result += (result.empty() ? "" : " ") + word;
    }
    return result;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err, bool interactive) {
    try {
        if (arguments.size() == 1 && (arguments[0] == "-h" || arguments[0] == "--help")) {
            print_help(out);
        } else if (!arguments.empty()) {
            out << answer(joined(arguments));
        } else {
            converse(in, out, err, interactive);
        }
        flush(out);
        return 0;
    } catch (const std::exception& error) {
        err << "error: " << error.what() << std::endl;
        return 1;
    }
}

}  // namespace converter
