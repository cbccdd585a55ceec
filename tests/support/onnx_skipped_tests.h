#pragma once

#include <QString>

#include <array>
#include <map>
#include <string>

namespace quantscope::test {

/// Operators that are not run, and why.
inline const std::map<std::string, const char *> kNotRun = {
    {"Adagrad", "training"},
    {"Adam", "training"},
    {"Gradient", "training"},
    {"Momentum", "training"},
    {"Bernoulli", "random"},
    {"RandomUniformLike", "random"},
    {"StringNormalizer", "texts"},
    {"TfIdfVectorizer", "texts"},
    {"Optional", "optional values"},
    {"OptionalGetElement", "optional values"},
    {"OptionalHasElement", "optional values"},
    {"SequenceMap", "sequences"},
    {"DFT", "signals"},
    {"MelWeightMatrix", "signals"},
    {"STFT", "signals"},
    {"MaxUnpool", "regions"},
    {"RoiAlign", "regions"},
};

/// Tests that are not run, by a part of their name, and why.
struct SkippedTest {
    const char *part, *but, *why;
};
inline constexpr std::array kSkippedTests = {
    SkippedTest{"_downsample_scales_", "align_corners",
        "its corners are those of 2.4 elements, where onnxruntime and torch have those of the result's two"},
    SkippedTest{"training_dropout", "", "random"},
    SkippedTest{"STRING", "", "texts"},
    SkippedTest{"BFLOAT16", "", "the data of bfloat16 are written as uint16"},
    SkippedTest{"strnorm", "", "texts"},
    SkippedTest{"sequence_map", "", "its data are sequences"},
    SkippedTest{"sequence_insert", "", "its data are sequences"},
    SkippedTest{"identity_sequence", "", "its data are sequences"},
    SkippedTest{"if_seq", "", "its data are sequences"},
    SkippedTest{"loop13_seq", "", "its data are sequences"},
    SkippedTest{"loop16_seq_none", "", "its data are sequences"},
    SkippedTest{"identity_opt", "", "optional values"},
    SkippedTest{"if_opt", "", "optional values"},
    SkippedTest{"optional_", "", "optional values"},
};

inline const char *whySkipped(const QString &folder)
{
    for (const SkippedTest &test : kSkippedTests)
        if (folder.contains(test.part) && folder.contains(test.but) && !folder.contains("dropout_zero"))
            return test.why;
    return nullptr;
}

} // namespace quantscope::test
