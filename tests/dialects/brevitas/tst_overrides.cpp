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
