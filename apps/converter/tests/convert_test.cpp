#include "convert.hpp"

#include "check.hpp"
#include "units.hpp"

namespace {

using converter::Unit;

std::string answer(std::string_view line) {
    try {
        return converter::convert(line);
    } catch (const converter::BadLine& error) {
        return "error: " + std::string(error.what());
    }
}

void cases() {
    const struct {
        std::string_view line;
        std::string_view answer;
    } all[] = {
        {"10 km to mi", "6.21371192237 mi"},
        {"26.2 mi to km", "42.1648128 km"},
        {"1 in to cm", "2.54 cm"},
        {"6 ft to m", "1.8288 m"},
        {"100 yd to m", "91.44 m"},
        {"1 nmi to km", "1.852 km"},
        {"1 mm to mi", "0.000000621371192237 mi"},
        {"1 lb to kg", "0.45359237 kg"},
        {"1 lb to oz", "16 oz"},
        {"1 t to lb", "2204.62262185 lb"},
        {"500 mg to g", "0.5 g"},
        {"1 gal to l", "3.785411784 l"},
        {"1 gal to floz", "128 floz"},
        {"1 m3 to l", "1000 l"},
        {"2 cup to pt", "1 pt"},
        {"90 min to h", "1.5 h"},
        {"1 wk to s", "604800 s"},
        {"1 ms to d", "0.0000000115740740741 d"},
        {"36 km/h to m/s", "10 m/s"},
        {"60 mph to km/h", "96.56064 km/h"},
        {"1 kn to m/s", "0.514444444444 m/s"},
        {"1 GiB to MB", "1073.741824 MB"},
        {"1 TB to TiB", "0.909494701773 TiB"},
        {"1 MB to bit", "8000000 bit"},

        {"32 F to C", "0 C"},
        {"212 F to C", "100 C"},
        {"-40 F to C", "-40 C"},
        {"98.6 F to C", "37 C"},
        {"100 F to C", "37.7777777778 C"},
        {"0 C to K", "273.15 K"},
        {"0 K to F", "-459.67 F"},
        {"20 °C to °F", "68 °F"},
        {"-459.67 F to K", "0 K"},
        {"-459.68 F to K", "error: below absolute zero"},
        {"-1 K to C", "error: below absolute zero"},
        {"-5 km to m", "-5000 m"},

        {"0.1 m to m", "0.1 m"},
        {".5 km to m", "500 m"},
        {"+1.50 m to m", "1.5 m"},
        {"-0 m to km", "0 km"},
        {"007 m to m", "7 m"},
        {"5km to m", "5000 m"},
        {"  5\t km   to  m \r", "5000 m"},
        {"0.000000000001 mm to mi", "0.000000000000000000621371192237 mi"},
        {"123456789012345678 mm to mm", "123456789012345678 mm"},
        {"1234567890123.45678 mm to mm", "1234567890123 mm"},
        {"999999999999999999 mm to mm", "999999999999999999 mm"},
        {"999999999999999999 km to mm", "error: overflow: results must stay below 1000000000000000000"},
        {"-1000000000000000 m to mm", "error: overflow: results must stay below 1000000000000000000"},
        {"1000000000000000000 m to km", "error: number has more than 18 digits"},
        {"0.0000000000000000001 m to km", "error: number has more than 18 digits"},

        {"", "error: nothing to convert"},
        {" \t ", "error: nothing to convert"},
        {"km to m", "error: expected a number at column 1, found \"k\""},
        {"nan m to km", "error: expected a number at column 1, found \"n\""},
        {"-inf m to km", "error: expected a number at column 2, found \"i\""},
        {"- 5 m to km", "error: expected a number at column 2, found \" \""},
        {"--5 m to km", "error: expected a number at column 2, found \"-\""},
        {"5. m to km", "error: expected a digit at column 3, found \" \""},
        {"1e3 m to km", "error: unknown unit \"e3\" at column 2"},
        {"1,5 m to km", "error: unknown unit \",5\" at column 2"},
        {"0x10 m to km", "error: unknown unit \"x10\" at column 2"},
        {"5", "error: expected a unit at column 2, found the end"},
        {"5 km", "error: expected \"to\" at column 5, found the end"},
        {"5 km m", "error: expected \"to\" at column 6, found \"m\""},
        {"5 km tom", "error: expected \"to\" at column 6, found \"t\""},
        {"5 °C zu F", "error: expected \"to\" at column 6, found \"z\""},
        {"5 km to", "error: expected a unit at column 8, found the end"},
        {"5 km to m please", "error: expected the end at column 11, found \"p\""},
        {"5 kM to m", "error: unknown unit \"kM\" at column 3"},
        {"5 \xc2\xb5m to m", "error: unknown unit \"\\xc2\\xb5m\" at column 3"},
        {"\x1b[2J", "error: expected a number at column 1, found \"\\x1b\""},
        {"5 km to kg", "error: can't convert km (length) to kg (mass)"},
        {"1 GB to h", "error: can't convert GB (data) to h (duration)"},
    };
    for (const auto& [line, wanted] : all) {
        check_equal(line, answer(line), wanted);
    }
}

void length() {
    const std::string line = "5 km to m";
    check_equal("the longest line", answer(line + std::string(converter::max_length - line.size(), ' ')), "5000 m");
    check_equal("too long", answer(line + std::string(converter::max_length - line.size() + 1, ' ')), "error: line is longer than 200 bytes");
}

// Whatever is converted, 128 bits hold every step of it: the largest number overflows only towards the smaller unit.
void every_pair() {
    for (const Unit& from : converter::units()) {
        for (const Unit& to : converter::units()) {
            if (from.kind != to.kind) {
                continue;
            }
            const std::string units = " " + std::string(from.name) + " to " + std::string(to.name);
            const std::string back = " " + std::string(to.name) + " to " + std::string(from.name);
            check_equal(units, answer("0.00000000000000001" + units).starts_with("error:"), false);
            const bool there = answer("999999999999999999" + units).starts_with("error:");
            const bool back_again = answer("999999999999999999" + back).starts_with("error:");
            check_equal(units, there && back_again, false);
        }
    }
}

}  // namespace

int main() {
    cases();
    length();
    every_pair();
    return told();
}
