#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// Thrown and caught inside makeSpec: one value that cannot be. The sentence begins with the keyword.
struct SpecError {
    std::string message;
};

/// The word of an enum's value or class in lower case, whatever stands before it: "RestrictValueType.POWER_OF_TWO",
/// "brevitas.core.function_wrapper.CeilSte", "<StatsOp.MAX: 'MAX'>".
std::string enumWord(std::string_view text);

/// The value of a keyword, whatever the locale; all throw SpecError for what is none.
double numberOf(const std::string &keyword, const std::string &text); ///< finite
float floatOf(const std::string &keyword, const std::string &text); ///< in the range of float32
int wholeNumberOf(const std::string &keyword, const std::string &text, int low, int high);
double percentageOf(const std::string &keyword, const std::string &text);
bool flagOf(const std::string &keyword, const std::string &text); ///< true or false, in any case

} // namespace quantscope
