// Converter turns a value of one unit into another.
//
//   converter 10 km to mi   prints "Result: 6.21371192237 mi"; a bad conversion ends with status 1
//   converter               reads a conversion a line until "exit" or the end of the input; a bad line is answered and the
//                           next one read
//
// Results go to standard output, errors to standard error, one line each. What a line may be is written in convert.hpp.
#include <unistd.h>

#include <iostream>

#include "program.hpp"

int main(int count, char** words) {
    // With C's streams in between, a read that fails would look like the end of the input.
    std::ios::sync_with_stdio(false);
    std::vector<std::string> arguments;
    for (int i = 1; i < count; ++i) {
        arguments.emplace_back(words[i]);
    }
    return converter::run(arguments, std::cin, std::cout, std::cerr, isatty(STDIN_FILENO) == 1);
}
