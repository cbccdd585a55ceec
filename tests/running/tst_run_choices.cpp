// The networks have members called slots.
#include "quant/code_reader.h"
#include "run/following_bias.h"
#include "support/graph_network.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <cmath>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;
using namespace Qt::StringLiterals;

namespace {

/// A product of codes, whose bias has `biasScale`; the scales of input and weight are 1/2 and 1/4.
Network productWith(const QString &biasScale)
{
    return networkOf(u"xs = f32 0.5; xz = u8 0; ws = f32 0.25; wz = i8 0; bs = f32 "_s + biasScale
        + u"; bz = i32 0; w = i8[2,2] 1,2,-3,4; b = i32[2] 100,-7\n"
          u"q = QuantizeLinear(x, xs, xz) @qx; d = DequantizeLinear(q, xs, xz)\n"
          u"wd = DequantizeLinear(w, ws, wz); bd = DequantizeLinear(b, bs, bz)\n"
          u"y = Gemm(d, wd, bd) transB=1 @fc"_s);
}

/// "q act 0.125, fc bias 0.0625 of 12.5 -0.875": a scale with the values that a bias has under it; "float" without one.
QString textOf(const Network &network, const std::vector<ChosenQuantizer> &chosen)
{
    QStringList out;
    for (const auto &[id, slot] : chosen) {
        QString line = QString::fromStdString(fmt::format("{} {} ", network.layer(id.layer).name, id.slot));
        if (!slot || !slot->quantizer) {
            out << line + u"float"_s;
            continue;
        }
        line += QString::fromStdString(fmt::format("{}", fmt::join(slot->quantizer->scale->values, " ")));
        if (id.slot == Slot::Bias) {
            std::vector<float> values(2);
            CodeReader(*slot).values(0, values);
            line += QString::fromStdString(fmt::format(" of {}", fmt::join(values, " ")));
        }
        out << line;
    }
    return out.join(u", ");
}

QString chosenText(const Network &network, const QStringList &texts, bool allFloat = false)
{
    std::vector<RunChoice> choices;
    for (const QString &text : texts) {
        const auto choice = parseRunChoice(text.toStdString());
        if (!choice)
            return QString::fromStdString(choice.error().message);
        choices.push_back(*choice);
    }
    const auto chosen = chosenQuantizers(network, choices, allFloat);
    return chosen ? textOf(network, *chosen) : QString::fromStdString(chosen.error().message);
}

} // namespace

/// What choices put in the place of a network's quantizers, and what follows from them.
class TestRunChoices : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void choices_data();
    void choices();
    void sharersFollow_data();
    void sharersFollow();
};

void TestRunChoices::choices_data()
{
    QTest::addColumn<QString>("biasScale");
    QTest::addColumn<QStringList>("texts");
    QTest::addColumn<bool>("allFloat");
    QTest::addColumn<QString>("chosen");
    const QString product = u"0.125"_s, own = u"0.25"_s;
    QTest::newRow("nothing") << product << QStringList() << false << QString();
    QTest::newRow("an input, whose scale the bias has") << product << QStringList{u"qx:act=ap_ufixed<8,6>"_s} << false
                                                        << u"qx act 0.25, fc bias 0.0625 of 12.5 -0.875"_s;
    QTest::newRow("a weight, whose scale the bias has")
        << product << QStringList{u"fc=ap_fixed<4,3>"_s} << false << u"fc weight 0.5, fc bias 0.25 of 12.5 -1"_s;
    QTest::newRow("both, which give the same product")
        << product << QStringList{u"fc=ap_fixed<4,3>"_s, u"qx:act=ap_ufixed<8,6>"_s} << false
        << u"fc weight 0.5, qx act 0.25"_s;
    QTest::newRow("a bias with a scale of its own")
        << own << QStringList{u"fc=ap_fixed<4,3>"_s} << false << u"fc weight 0.5"_s;
    const QString last = QString::number(static_cast<double>(std::nextafter(0.125f, 1.0f)), 'g', 12);
    QTest::newRow("the product but for its last bit")
        << last << QStringList{u"fc=ap_fixed<4,3>"_s} << false << u"fc weight 0.5, fc bias 0.25 of 12.5 -1"_s;
    QTest::newRow("a bias that is chosen itself") << product << QStringList{u"fc=ap_fixed<4,3>"_s, u"fc:bias=float"_s}
                                                  << false << u"fc weight 0.5, fc bias float"_s;
    QTest::newRow("a float weight: the bias stays")
        << product << QStringList{u"fc=float"_s} << false << u"fc weight float"_s;
    QTest::newRow("all float") << product << QStringList() << true << u"qx act float, fc weight float, fc bias float"_s;
    QTest::newRow("all float but one") << product << QStringList{u"fc=file"_s} << true
                                       << u"qx act float, fc bias float, fc weight 0.25"_s;
    QTest::newRow("twice") << product << QStringList{u"fc=binary"_s, u"fc:weight=float"_s} << false
                           << u"fc weight is named twice"_s;
    QTest::newRow("no such slot") << product << QStringList{u"fc:output=float"_s} << false
                                  << u"layer \"fc\" has no slot \"output\": it has weight, bias"_s;
    QTest::newRow("no such layer") << product << QStringList{u"fd=float"_s} << false
                                   << u"has no layer \"fd\"; did you mean \"fc\"?"_s;
    QTest::newRow("no threshold") << product << QStringList{u"qx:act=Uint8ActPerTensorFloat"_s} << false
                                  << u"Uint8ActPerTensorFloat cannot be had for qx act: the file has the scale of this "
                                     u"activation and no threshold to compute another from; ap_fixed<W,I>, "
                                     u"ap_ufixed<W,I> and float need none, and range=max or a percentile such as "
                                     u"range=99.9 takes one from data"_s;
    QTest::newRow("a threshold of its own")
        << product << QStringList{u"qx:act=Uint8ActPerTensorFixedPoint,scaling_impl_type=const,scaling_init=200"_s}
        << false << u"qx act 1, fc bias 0.25 of 12.5 -1"_s;
    QTest::newRow("a range without data")
        << product << QStringList{u"qx:act=Uint8ActPerTensorFloat,range=max"_s} << false
        << u"Uint8ActPerTensorFloat,range=max cannot be had for qx act: its range comes from data that were not run"_s;
}

void TestRunChoices::choices()
{
    QFETCH(QString, biasScale);
    QFETCH(QStringList, texts);
    QFETCH(bool, allFloat);
    QTEST(chosenText(productWith(biasScale), texts, allFloat), "chosen");
}

void TestRunChoices::sharersFollow_data()
{
    QTest::addColumn<QStringList>("texts");
    QTest::addColumn<QString>("chosen");
    QTest::newRow("the owner") << QStringList{u"fa=ap_fixed<4,3>"_s} << u"fa weight 0.5, fb weight 0.5"_s;
    QTest::newRow("the owner, over all tensors")
        << QStringList{u"fa=Int8WeightPerTensorFixedPoint,bit_width=4"_s} << u"fa weight 0.5, fb weight 0.5"_s;
    QTest::newRow("the owner off") << QStringList{u"fa=float"_s} << u"fa weight float, fb weight float"_s;
    QTest::newRow("a sharer alone") << QStringList{u"fb=ap_fixed<4,3>"_s} << u"fb weight 0.5"_s;
    QTest::newRow("each its own") << QStringList{u"fa=ap_fixed<4,3>"_s, u"fb=ap_fixed<4,2>"_s}
                                  << u"fa weight 0.5, fb weight 0.25"_s;
    QTest::newRow("of one tensor alone") << QStringList{u"fa=binary"_s} << u"fa weight 1.5"_s;
}

/// What shares a quantizer has the same as its owner, as when a recipe says so: the largest weight, 3, is fb's.
void TestRunChoices::sharersFollow()
{
    QFETCH(QStringList, texts);
    const auto network = recovered({{"fa.weight", {1, 2}, {2, -1}}, {"fb.weight", {1, 2}, {3, 0.5f}}},
        preset("f*", "weight", "Int8WeightPerTensorFloat") + entry("fb", "weight", "shared_with = \"fa\""));
    QVERIFY2(network, network ? "" : network.error().text().c_str());
    QTEST(chosenText(*network, texts), "chosen");
}

QTEST_APPLESS_MAIN(TestRunChoices)
#include "tst_run_choices.moc"
