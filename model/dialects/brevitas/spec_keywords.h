#pragma once

#include "dialects/brevitas/spec.h"

#include <string>
#include <string_view>

namespace quantscope {

/// Thrown and caught inside makeSpec: one value that cannot be. The sentence begins with the keyword.
struct SpecError {
    std::string message;
};

struct KeywordSetter {
    std::string_view keyword;
    void (*set)(QuantizerSpec &, const std::string &keyword, const std::string &text);
    std::string_view field; ///< provenance field that the keyword changes
};

/// Null for keywords whose values are free, or are read with the constant.
const KeywordSetter *findSetter(std::string_view keyword);

/// Throws where a word is younger than the version.
void requireVersion(const std::string &keyword, const std::string &text, int version);

/// Whatever the locale; throws SpecError for what is no finite number.
double numberOf(const std::string &keyword, const std::string &text);
float floatOf(const std::string &keyword, const std::string &text);
void undecoded(QuantizerSpec &spec, std::string why);

} // namespace quantscope
