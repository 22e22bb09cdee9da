// The whole program, but for what only a process has.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace converter {

// Answers the arguments or, where there are none, every line of the input; returns the exit status. An interactive user is
// shown a prompt.
int run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err, bool interactive);

}  // namespace converter
