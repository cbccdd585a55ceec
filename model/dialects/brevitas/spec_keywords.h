#pragma once

#include "dialects/brevitas/keyword_values.h"
#include "dialects/brevitas/spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

struct KeywordSetter {
    std::string_view keyword;
    void (*set)(QuantizerSpec &, const std::string &keyword, const std::string &text);
    std::string_view field; ///< provenance field that the keyword changes
};

/// Null for keywords whose values are free, or are read with the constant.
const KeywordSetter *findSetter(std::string_view keyword);

/// The values that a keyword takes where they are few: words, true and false; empty for numbers and free text.
std::vector<std::string> keywordWords(std::string_view keyword);
/// Those of them that a slot's quantizer takes.
std::vector<std::string> keywordWords(std::string_view keyword, Slot slot);

/// Throws where a word is younger than the version.
void requireVersion(const std::string &keyword, const std::string &text, int version);

void undecoded(QuantizerSpec &spec, std::string why);

} // namespace quantscope
