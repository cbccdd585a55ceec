#include "dialects/brevitas/overrides.h"
#include "dialects/brevitas/spec_keywords.h"
#include "open/open_network.h"
#include "quant/code_reader.h"
#include "support/golden.h"
#include "support/paths.h"

#include <cmath>

#include <QDir>
#include <QtTest>

using namespace quantscope;
using nlohmann::json;

namespace {

QString shown(const std::vector<float> &values)
{
    QStringList words;
    for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 12); ++i)
        words << QString::number(double(values[i]), 'g', 9);
    return words.join(' ');
}

/// `ulps` of the last bit: torch's 2^v of a log domain and its float32 means differ there from machine to machine.
bool same(const std::vector<float> &a, const std::vector<float> &b, int ulps)
{
    const std::size_t count = std::max(a.size(), b.size());
    if (a.empty() || b.empty() || (a.size() != count && a.size() != 1) || (b.size() != count && b.size() != 1))
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        float x = a[a.size() == 1 ? 0 : i];
        const float y = b[b.size() == 1 ? 0 : i];
        if (std::isnan(x) && std::isnan(y))
            continue;
        for (int step = 0; step < ulps && x != y; ++step)
            x = std::nextafter(x, y);
        if (x != y)
            return false;
    }
    return true;
}

int ulpsOf(const json &overrides)
{
    const std::string op = overrides.value("scaling_stats_op", "");
    return overrides.value("restrict_scaling_type", "") == "LOG_FP" || op == "ave" || op == "max_ave"
            || op == "mean_sigma_std"
        ? 1
        : 0;
}

} // namespace

/// Overrides on presets that do not expect them: what Brevitas itself made of them, by version. tests/data/overrides
/// holds for each version one state_dict, its recipe, and the numbers that this Brevitas computed, all written by it; a
/// scale that Brevitas searches for at run time is null there, and must be null here.
class TestOverrides : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// What a slot's lists hold, and no more.
    void offered_data()
    {
        QTest::addColumn<int>("slot");
        QTest::addColumn<QString>("notTaken"); ///< of all keywords
        QTest::addColumn<QStringList>("words"); ///< of keywords with few values those that not every slot takes
        const QString statistics = " collect_stats_steps scaling_stats_momentum per_channel_broadcastable_shape "
                                   "scaling_stats_permute_dims";
        const QString rounding = "learned_round_impl_type learned_round_gamma learned_round_zeta learned_round_init";
        const QString accumulator = " accumulator_bit_width accumulator_bit_width_impl";
        const QString input = " requires_input_scale requires_input_bit_width";
        const QString group = " group_size group_dim";
        QTest::newRow("weight") << static_cast<int>(Slot::Weight)
                                << "min_val max_val" + statistics + input + " quant_delay_steps"
                                << QStringList{"quant_type: int binary ternary fp",
                                       "scaling_per_output_type: tensor channel group",
                                       "scaling_impl_type: stats parameter parameter_from_stats const he affine_stats",
                                       "float_to_int_impl_type: round ceil floor round_to_zero dpu learned_round "
                                       "stochastic_round",
                                       "zero_point_impl: ZeroZeroPoint StatsFromParameterZeroPoint ParameterZeroPoint "
                                       "ParameterFromStatsFromParameterZeroPoint"};
        QTest::newRow("bias") << static_cast<int>(Slot::Bias)
                              << "axis " + rounding + " min_val max_val" + statistics
                + " scaling_stats_input_view_shape_impl" + accumulator + " quant_delay_steps" + group
                              << QStringList{"quant_type: int fp", "scaling_per_output_type: tensor channel",
                                     "scaling_impl_type: stats parameter parameter_from_stats const affine_stats",
                                     "float_to_int_impl_type: round ceil floor round_to_zero dpu stochastic_round",
                                     "zero_point_impl: ZeroZeroPoint StatsFromParameterZeroPoint ParameterZeroPoint "
                                     "ParameterFromStatsFromParameterZeroPoint"};
        for (const Slot slot : {Slot::Act, Slot::Input, Slot::Output})
            QTest::newRow(std::string(slotName(slot)).c_str())
                << static_cast<int>(slot) << "axis " + rounding + accumulator + input + group
                << QStringList{"quant_type: int binary ternary fp", "scaling_per_output_type: tensor channel",
                       "scaling_impl_type: stats parameter parameter_from_stats const affine_stats",
                       "float_to_int_impl_type: round ceil floor round_to_zero dpu stochastic_round",
                       "zero_point_impl: ZeroZeroPoint ParameterZeroPoint ParameterFromRuntimeZeroPoint"};
    }
    void offered()
    {
        QFETCH(int, slot);
        QFETCH(QString, notTaken);
        QFETCH(QStringList, words);
        const std::vector<std::string> taken = overrideNames(static_cast<Slot>(slot));
        QStringList others;
        for (const std::string &name : overrideNames())
            if (std::ranges::find(taken, name) == taken.end())
                others << QString::fromStdString(name);
        QCOMPARE(others.join(' '), notTaken);
        QStringList found;
        for (const QString &line : words) {
            const QString keyword = line.section(':', 0, 0);
            QStringList values;
            for (const std::string &word : keywordWords(keyword.toStdString(), static_cast<Slot>(slot)))
                values << QString::fromStdString(word);
            found << keyword + ": " + values.join(' ');
        }
        QCOMPARE(found, words);
    }

    /// What Brevitas took with an effect is offered.
    void offersWhatBrevitasTook_data() { asBrevitas_data(); }
    void offersWhatBrevitasTook()
    {
        QFETCH(std::string, file);
        QFETCH(std::string, name);
        const json &golden = m_goldens[file][name];
        const auto slot = slotFromName(golden["slot"].get<std::string>());
        QVERIFY(slot);
        if (name == "idle")
            return; // these change nothing there
        const std::vector<std::string> names = overrideNames(*slot);
        for (const auto &[keyword, value] : golden["overrides"].items()) {
            QVERIFY2(std::ranges::find(names, keyword) != names.end(), keyword.c_str());
            const std::vector<std::string> words = keywordWords(keyword, *slot);
            const QString word
                = value.is_string() ? QString::fromStdString(value.get<std::string>()).toLower() : QString();
            if (words.empty() || word.isEmpty())
                continue;
            QVERIFY2(std::ranges::any_of(
                         words, [&](const std::string &one) { return QString::fromStdString(one).toLower() == word; }),
                qPrintable(word));
        }
    }

    void asBrevitas_data()
    {
        QTest::addColumn<std::string>("file");
        QTest::addColumn<std::string>("name");
        QDir folder(QString::fromStdString(test::data("overrides")));
        for (const QString &entry : folder.entryList({"*.json"}, QDir::Files, QDir::Name)) {
            const std::string file = folder.filePath(entry).chopped(5).toStdString();
            m_goldens[file] = test::golden(file + ".json");
            for (const auto &golden : m_goldens[file].items())
                QTest::addRow("%s %s", qPrintable(entry.chopped(5)), golden.key().c_str()) << file << golden.key();
        }
    }

    void asBrevitas()
    {
        QFETCH(std::string, file);
        QFETCH(std::string, name);
        const Network *network = opened(file);
        QVERIFY(network);
        const json &golden = m_goldens[file][name];
        const Layer *layer = network->layer(name);
        QVERIFY(layer);
        const SlotQuantizer *slot = layer->slot(golden["slot"].get<std::string>());
        QVERIFY(slot);
        if (golden["scale"].is_null()) {
            QVERIFY(!slot->quantizer || !slot->quantizer->scale);
            return;
        }
        QVERIFY2(slot->quantizer, "the quantizer is unknown");
        const Quantizer &found = *slot->quantizer;
        QVERIFY2(found.scale, "the scale is unknown");
        const int ulps = ulpsOf(golden["overrides"]);
        compare("scale", test::hexFloats(golden["scale"]), found.scale->values, ulps);
        QCOMPARE(found.bitWidth.value_or(0), static_cast<int>(golden["bits"].get<double>()));
        if (golden["zero_point"].is_array())
            compare("zero point", test::hexFloats(golden["zero_point"]), found.zeroPoint->values, 0);
        if (!golden["value"].is_array())
            return;
        CodeReader reader(*slot);
        std::vector<float> numbers(static_cast<std::size_t>(reader.count()));
        if (golden["codes"].is_array()) {
            reader.codes(0, numbers);
            compare("codes", test::hexFloats(golden["codes"]), numbers, 0);
        }
        reader.values(0, numbers);
        compare("values", test::hexFloats(golden["value"]), numbers, ulps);
    }

private:
    static void compare(const char *what, const std::vector<float> &expected, const std::vector<float> &found, int ulps)
    {
        QVERIFY2(same(expected, found, ulps),
            qPrintable(QString("%1 %2, not %3").arg(what).arg(shown(found)).arg(shown(expected))));
    }

    const Network *opened(const std::string &file)
    {
        if (const auto known = m_networks.find(file); known != m_networks.end())
            return &known->second;
        auto network = openNetwork(file + ".pt");
        if (!network) {
            qWarning("%s", network.error().text().c_str());
            return nullptr;
        }
        return &(m_networks[file] = std::move(*network));
    }

    std::map<std::string, json> m_goldens;
    std::map<std::string, Network> m_networks;
};

QTEST_GUILESS_MAIN(TestOverrides)
#include "tst_overrides.moc"
