#include "items/accumulator_facts.h"
#include "items/problem_model.h"
#include "items/problem_place.h"
#include "report/accumulators_report.h"
#include "support.h"

#include <QAbstractItemModelTester>

#include <climits>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

std::shared_ptr<Network> layersOf(std::size_t count)
{
    auto network = std::make_shared<Network>();
    for (std::size_t i = 0; i < count; ++i) {
        Layer &layer = network->add({});
        layer.name = "l" + std::to_string(i);
    }
    return network;
}

Finding finding(const char *rule, Severity severity, std::size_t layer, const std::string &text)
{
    return {rule, severity, {LayerId(static_cast<std::uint32_t>(layer)), Slot::Weight}, {}, text, "mend " + text,
        "Tool 1.0"};
}

/// Two of one rule, one of another, a note, what is muted, and rules that were not looked at.
std::shared_ptr<CheckedNetwork> someOfEach()
{
    auto checked = std::make_shared<CheckedNetwork>();
    checked->network = layersOf(3);
    checked->result.findings = {finding("zero-point", Severity::Error, 0, "zero of l0"),
        finding("zero-point", Severity::Error, 2, "zero of l2"),
        finding("bit-width", Severity::Warning, 1, "bits 2^-4"), finding("zero-point", Severity::Note, 1, "a note")};
    checked->result.unchecked = {{"scales-differ", "no graph"}, {"input-float", "no graph"}, {"signedness", "no sign"}};
    checked->muted = {finding("saturated", Severity::Warning, 0, "many at the limits")};
    return checked;
}

QStringList unfolded(ProblemModel &model)
{
    for (int row = 0; row < model.rowCount(); ++row)
        model.setFolded(row, false);
    return test::printed(model);
}

} // namespace

/// What is said of a network as rows by rule, where each leads, and what the sums of a layer reach, in whole texts.
class ProblemModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void byRule()
    {
        ProblemModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setChecked(someOfEach());
        QCOMPARE(test::printed(model),
            (QStringList{u"error | 2 layers | 2 × zero-point"_s, u"error | l0 | zero of l0"_s,
                u"error | l2 | zero of l2"_s, u"warning | l1 | bits 2⁻⁴"_s, u"note |  | 1 note"_s,
                u"not checked |  | 3 rules not checked"_s, u"muted |  | 1 muted by the recipe"_s}));
        QCOMPARE(unfolded(model),
            (QStringList{u"error | 2 layers | 2 × zero-point"_s, u"error | l0 | zero of l0"_s,
                u"error | l2 | zero of l2"_s, u"warning | l1 | bits 2⁻⁴"_s, u"note |  | 1 note"_s,
                u"note | l1 | a note"_s, u"not checked |  | 3 rules not checked"_s,
                u"not checked | scales-differ, input-float | no graph"_s, u"not checked | signedness | no sign"_s,
                u"muted |  | 1 muted by the recipe"_s, u"warning | l0 | many at the limits"_s}));
        QCOMPARE(model.count(Severity::Error), 2);
        QCOMPARE(model.count(Severity::Warning), 1); // without the muted one
        QVERIFY(model.isMuted(10) && model.index(10, 0).data(ProblemModel::MutedRole).toBool());
        QCOMPARE(model.textOf(1), u"error: zero of l0 [zero-point]\n    do: mend zero of l0\n    from: Tool 1.0\n"_s);
        QCOMPARE(model.textOf(0), model.textOf(1) + u'\n' + model.textOf(2));
        QCOMPARE(model.textOf(7), u"scales-differ, input-float not checked: no graph\n"_s);
        QCOMPARE(model.index(3, 2).data(Qt::ToolTipRole).toString(),
            u"warning, rule bit-width\nl1\nbits 2⁻⁴\ndo: mend bits 2⁻⁴\nfrom: Tool 1.0"_s);
        QCOMPARE(model.index(10, 2).data(Qt::ToolTipRole).toString(),
            u"warning, rule saturated, muted by the recipe\nl0\nmany at the limits\ndo: mend many at the limits\nfrom: "
            "Tool 1.0"_s);
        QCOMPARE(model.index(0, 0).data(Qt::ToolTipRole).toString(),
            u"2 × zero-point: Enter or a click folds and unfolds them"_s);
        QCOMPARE(model.index(3, 2).data(ProblemModel::MoreRole).toString(), u"do: mend bits 2⁻⁴\nfrom: Tool 1.0"_s);
    }

    /// What somebody folded stays folded under other findings of that rule.
    void foldsStay()
    {
        ProblemModel model;
        const auto first = someOfEach();
        model.setChecked(first);
        model.setFolded(0, true);
        QCOMPARE(model.index(1, 2).data().toString(), u"bits 2⁻⁴"_s);
        QCOMPARE(model.rowOf(first->result.findings[1]), 0); // its group
        QCOMPARE(model.rowOf(first->result.findings[2]), 1);
        auto next = someOfEach();
        next->result.findings.insert(next->result.findings.begin(), finding("zero-point", Severity::Error, 1, "more"));
        model.setChecked(next);
        QCOMPARE(test::printed(model).mid(0, 2),
            (QStringList{u"error | 3 layers | 3 × zero-point"_s, u"warning | l1 | bits 2⁻⁴"_s}));
        model.setChecked(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }

    /// Fifty thousand of one rule are one row, and as many where somebody wants to see them.
    void many()
    {
        auto checked = std::make_shared<CheckedNetwork>();
        checked->network = layersOf(600);
        for (std::size_t i = 0; i < 50'000; ++i)
            checked->result.findings.push_back(
                finding("zero-point", Severity::Warning, i % 600, "number " + std::to_string(i)));
        ProblemModel model;
        model.setChecked(checked);
        QCOMPARE(test::printed(model), QStringList{u"warning | 600 layers | 50,000 × zero-point"_s});
        model.setFolded(0, false);
        QCOMPARE(model.rowCount(), 50'001);
        QCOMPARE(model.index(50'000, 1).data().toString(), u"l199"_s);
        QCOMPARE(model.index(50'000, 2).data().toString(), u"number 49999"_s);
        QCOMPARE(model.rowOf(checked->result.findings.back()), 50'000);
        const std::vector<LayerProblems> layers = problemsByLayer(*checked->network, checked->result.findings);
        QCOMPARE(layers[0], (LayerProblems{0, 84, 0, {"zero-point"}}));
        QCOMPARE(layers[599], (LayerProblems{0, 83, 0, {"zero-point"}}));
    }

    void ofALayer()
    {
        const auto checked = someOfEach();
        checked->result.findings.push_back(finding("signedness", Severity::Error, 1, "sign"));
        const auto layers = problemsByLayer(*checked->network, checked->result.findings);
        QCOMPARE(layers[1], (LayerProblems{1, 1, 1, {"bit-width", "signedness"}}));
        QCOMPARE(layers[1].text(), std::string("1 error, 1 warning: bit-width, signedness"));
        QCOMPARE(layers[1].worst(), Severity::Error);
        QCOMPARE(LayerProblems({0, 0, 3, {}}).text(), std::string());
    }

    void places_data()
    {
        QTest::addColumn<QByteArray>("rule");
        QTest::addColumn<bool>("editable");
        QTest::addColumn<int>("page");
        QTest::addColumn<QString>("query");
        const auto row = [](const char *rule, bool editable, ProblemPage page, const QString &query = {}) {
            QTest::addRow("%s%s", rule, editable ? "" : ", the file says itself")
                << QByteArray(rule) << editable << static_cast<int>(page) << query;
        };
        row("saturated", true, ProblemPage::Distribution, u"at limit"_s);
        row("not-finite", false, ProblemPage::Distribution, u"not finite"_s);
        row("all-zero", true, ProblemPage::Distribution, u"code = 0"_s);
        row("dead-channel", true, ProblemPage::Channels);
        row("bit-width", true, ProblemPage::Recipe);
        row("bit-width", false, ProblemPage::Overview);
        row("accumulator-overflow", true, ProblemPage::Overview);
        row("somebody-else's", true, ProblemPage::Shown);
    }
    void places()
    {
        QFETCH(QByteArray, rule);
        QFETCH(bool, editable);
        QFETCH(int, page);
        QFETCH(QString, query);
        const auto network = layersOf(2);
        QCOMPARE(placeOf(*network, finding(rule.constData(), Severity::Error, 1, "t"), editable),
            (ProblemPlace{"l1", u"weight"_s, query, static_cast<ProblemPage>(page), rule == "dead-channel"}));
        Finding file{rule.toStdString(), Severity::Error, {}, {}, "t", {}, {}};
        const ProblemPlace of = placeOf(*network, file, editable);
        QCOMPARE(of.layer + str(of.slot) + str(of.query), std::string()); // elements are a slot's
    }

    void sums()
    {
        const auto network = layersOf(3);
        network->layers[0].slots.emplace_back().slot = Slot::Act;
        Accumulators sums;
        AccumulatorRange range;
        range.layer = LayerId(1);
        range.input = {LayerId(0), Slot::Act};
        range.min = INT64_MIN;
        range.max = 12345;
        range.bitsNeeded = 64;
        range.terms = 1;
        range.bound = "its stride is not known";
        range.channels.resize(2);
        range.channel = 1;
        sums.known.push_back(range);
        sums.unknown.push_back({LayerId(2), "its weight is empty"});
        const AccumulatorFacts facts = accumulatorFacts(*network, sums, LayerId(1));
        QCOMPARE(facts.text,
            u"■ Accumulator bits: 32 declared, at most 64 needed · sums −9,223,372,036,854,775,808 … 12,345 · channel 1 "
            u"needs "
            "most · no bias in it · input l0"_s);
        QVERIFY(facts.overflows);
        QCOMPARE(facts.tip,
            u"The smallest and largest sum of weight code times input code, zero points subtracted from both, over all "
            "inputs in the range of the input's quantizer; 1 product in one sum at most, bits in two's complement\nat "
            "most, since its stride is not known"_s);
        // 0.3 is 1288490189 * 2^(-1 - 31) but for 1.6e-10; the nearest power is 2^-2. The program's own words are
        // plain.
        sums.known[0].requantizations.push_back({{LayerId(0), Slot::Act}, {requantizationFactor(0.3)}});
        QCOMPARE(requantizationText(*network, sums.known[0].requantizations[0]),
            std::string("l0: 1288490189 * 2^(-1 - 31), off by 1.6e-10; 2^-2 is off by -1.7e-01"));
        QCOMPARE(accumulatorFacts(*network, sums, LayerId(1)).text.section(u'\n', 1),
            u"onto l0: 1288490189 * 2⁻³², off by 1.6·10⁻¹⁰; 2⁻² is off by −1.7·10⁻¹"_s);
        sums.known[0].requantizations[0].factors.push_back(requantizationFactor(3));
        QCOMPARE(accumulatorFacts(*network, sums, LayerId(1)).text.section(u'\n', 1),
            u"onto l0: 2 factors, worst off by 1.6·10⁻¹⁰; as shifts off by 3.3·10⁻¹"_s);
        QCOMPARE(accumulatorFacts(*network, sums, LayerId(2)).text, u"Accumulator: not known: its weight is empty"_s);
        QCOMPARE(accumulatorFacts(*network, sums, LayerId(0)).text, QString());
    }
};

QTEST_GUILESS_MAIN(ProblemModelTest)
#include "tst_problem_model.moc"
