// The network has members named `slots`.
#include "quant/code_reader.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

using Codes = std::vector<float>;

const std::vector<float> kWeights = {7, 2.4f, 2.6f, -1.3f, 3.4f, 3.4f}; ///< 4 bits, scale 1
const std::vector<float> kDecisions = {0, 0.05f, -0.05f, 0.7f, 0.9f, -3};
const char *const kPreset = "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\n";
const char *const kLearned = "float_to_int_impl_type = \"LEARNED_ROUND\"\nlearned_round_impl_type = ";

} // namespace

/// Truth is worked by hand: what LearnedRoundSte of each version does with the weights and decisions above.
class TestLearnedRounding : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void decisions_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("keys");
        QTest::addColumn<Codes>("codes");
        QTest::addColumn<Origin>("origin");
        const auto row
            = [](const char *name, const char *version, const std::string &keys, Codes codes, Origin origin) {
                  QTest::newRow(name) << version << QString::fromStdString(keys) << std::move(codes) << origin;
              };
        const Codes positive = {7, 3, 2, -1, 4, 3};
        row("stored decisions decide", "0.10.2", kPreset, positive, Origin::Read);
        row("whatever preset is assumed", "0.10.2", "bit_width = 4", positive, Origin::Read);
        row("unless the recipe says how to round", "0.10.2",
            kPreset + std::string("float_to_int_impl_type = \"ROUND\""), {7, 2, 3, -1, 3, 3}, Origin::Recipe);
        row("0.11 tests all decisions alike", "0.11.0",
            kPreset + std::string(kLearned) + "\"HARD_SIGMOID\"\nlearned_round_gamma = -0.9\nlearned_round_zeta = 1.1",
            positive, Origin::Recipe);
        // sigmoid(p) * 2 - 0.9 > 0.5 where p > 0.8473
        row("a stretched sigmoid", "0.12.1",
            kPreset + std::string(kLearned) + "\"HARD_SIGMOID\"\nlearned_round_gamma = -0.9\nlearned_round_zeta = 1.1",
            {7, 2, 2, -2, 4, 3}, Origin::Recipe);
        row("sigmoid", "0.12.1", kPreset + std::string(kLearned) + "\"sigmoid\"", positive, Origin::Recipe);
        row("identity", "0.12.1", kPreset + std::string(kLearned) + "\"identity\"", {7, 2, 3, -1, 4, 3},
            Origin::Recipe);
        row("0.12 has several rules", "0.12.1", kPreset, positive, Origin::Assumed);
    }

    void decisions()
    {
        QFETCH(QString, version);
        QFETCH(QString, keys);
        QFETCH(Codes, codes);
        QFETCH(Origin, origin);
        const auto network = recovered(
            {{"c.weight", {2, 3}, kWeights}, weightKey("c", "int_quant.float_to_int_impl.value", {2, 3}, kDecisions)},
            "brevitas = \"" + version.toStdString() + "\"\n" + entry("c", "weight", keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer *slot = network->layer("c")->slot("weight");
        QVERIFY(slot->quantizer);
        QCOMPARE(slot->quantizer->origin.at("rounding").origin, origin);
        CodeReader reader(*slot);
        Codes found(codes.size());
        reader.codes(0, found);
        QCOMPARE(found, codes);
        for (std::size_t i = 0; i < found.size(); ++i) { // element by element, as a window reads them
            float one = 0;
            reader.codes(i, std::span(&one, 1));
            QCOMPARE(one, codes[i]);
        }
    }
};

QTEST_APPLESS_MAIN(TestLearnedRounding)
#include "tst_learned_rounding.moc"
