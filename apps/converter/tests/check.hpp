// All that these tests need of a test framework.
#pragma once

#include <cstdlib>
#include <iostream>
#include <source_location>
#include <string_view>

inline int failures = 0;

// Notes a failure, with the line that called, where the two differ.
template <typename Found, typename Wanted>
void check_equal(std::string_view what, const Found& found, const Wanted& wanted, std::source_location where = std::source_location::current()) {
    if (!(found == wanted)) {
        ++failures;
        std::cerr << where.file_name() << ":" << where.line() << ": " << what << ": found [" << found << "], wanted [" << wanted << "]\n";
    }
}

// What main returns.
inline int told() {
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
