#include "units.hpp"

#include <algorithm>
#include <array>

namespace converter {
namespace {

using enum Kind;

// By their definitions: a yard is 0.9144 m, a pound 0.45359237 kg, a gallon (the American one) 231 cubic inches.
constexpr Fraction gram = 1;
constexpr Fraction pound(45359237, 100000);
constexpr Fraction metre = 1;
constexpr Fraction inch(254, 10000);
constexpr Fraction mile(1609344, 1000);
constexpr Fraction nautical_mile = 1852;
constexpr Fraction litre(1, 1000);
constexpr Fraction gallon = 231 * inch * inch * inch;
constexpr Fraction second = 1;
constexpr Fraction hour = 3600;
constexpr Fraction rankine(5, 9);

constexpr auto table = std::to_array<Unit>({
    {"mm", length, metre / 1000},
    {"cm", length, metre / 100},
    {"m", length, metre},
    {"km", length, metre * 1000},
    {"in", length, inch},
    {"ft", length, inch * 12},
    {"yd", length, inch * 36},
    {"mi", length, mile},
    {"nmi", length, nautical_mile},

    {"mg", mass, gram / 1000},
    {"g", mass, gram},
    {"kg", mass, gram * 1000},
    {"t", mass, gram * 1000000},
    {"oz", mass, pound / 16},
    {"lb", mass, pound},

    {"K", temperature, 1},
    {"C", temperature, 1, Fraction(27315, 100)},
    {"°C", temperature, 1, Fraction(27315, 100)},
    {"F", temperature, rankine, rankine * Fraction(45967, 100)},
    {"°F", temperature, rankine, rankine * Fraction(45967, 100)},

    {"ml", volume, litre / 1000},
    {"l", volume, litre},
    {"m3", volume, metre},
    {"floz", volume, gallon / 128},
    {"cup", volume, gallon / 16},
    {"pt", volume, gallon / 8},
    {"gal", volume, gallon},

    {"ms", duration, second / 1000},
    {"s", duration, second},
    {"min", duration, second * 60},
    {"h", duration, hour},
    {"d", duration, hour * 24},
    {"wk", duration, hour * 168},

    {"m/s", speed, metre / second},
    {"km/h", speed, metre * 1000 / hour},
    {"mph", speed, mile / hour},
    {"kn", speed, nautical_mile / hour},

    {"bit", data, Fraction(1, 8)},
    {"B", data, 1},
    {"kB", data, 1000},
    {"MB", data, 1000000},
    {"GB", data, 1000000000},
    {"TB", data, 1000000000000},
    {"KiB", data, 1LL << 10},
    {"MiB", data, 1LL << 20},
    {"GiB", data, 1LL << 30},
    {"TiB", data, 1LL << 40},
});

}  // namespace

std::string_view to_string(Kind kind) {
    switch (kind) {
        case length: return "length";
        case mass: return "mass";
        case temperature: return "temperature";
        case volume: return "volume";
        case duration: return "duration";
        case speed: return "speed";
        case data: return "data";
    }
    return "";
}

std::span<const Unit> units() {
    return table;
}

const Unit* find_unit(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Unit::name);
    return found == table.end() ? nullptr : &*found;
}

}  // namespace converter
