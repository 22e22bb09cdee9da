// What can be converted into what.
#pragma once

#include <span>
#include <string_view>

#include "fraction.hpp"

namespace converter {

enum class Kind { length, mass, temperature, volume, duration, speed, data };

std::string_view to_string(Kind kind);

// A value of a unit is `value * scale + zero` of its kind's base unit: one that all others of the kind are told in.
struct Unit {
    std::string_view name;
    Kind kind;
    Fraction scale;
    Fraction zero = 0;
};

// Every unit, those of a kind one after another.
std::span<const Unit> units();

// The unit of that name, upper and lower case told apart; nullptr where there is none.
const Unit* find_unit(std::string_view name);

}  // namespace converter
