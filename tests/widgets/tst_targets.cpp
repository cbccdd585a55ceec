#include "checks/rule_table.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/accumulator_facts.h"
#include "look/theme.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "panels/target_choice.h"
#include "report/check_report.h"
#include "report/inspect.h"
#include "window_fixture.h"

#include <QSignalSpy>
#include <QTableView>

#include <map>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What a target says of the model in the window is what the command line says.
class TargetsTest : public QObject, protected test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
    }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    void verdictAndRows_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("target");
        for (const char *file : {"digits_fixed.pt", "digits_float.pt", "digits_fixed_qcdq.onnx"})
            for (const std::string_view target : targetNames())
                QTest::addRow("%s for %s", file, target.data()) << QString(file) << qs(target);
        QTest::newRow("digits_float.pt for none") << u"digits_float.pt"_s << QString();
    }
    void verdictAndRows()
    {
        QFETCH(QString, file);
        QFETCH(QString, target);
        m_window->open(QString::fromStdString(test::sample(str(file))));
        QTRY_COMPARE(session().state(), Session::State::Ready);
        session().target().setTarget(targetFromName(str(target)));
        QTRY_VERIFY(session().target().checked() != nullptr);
        const CheckResult expected = asCommandLine(targetFromName(str(target)));
        const bool signs = !target.isEmpty() || !expected.accepted();
        QCOMPARE(label("problems-verdict"),
            (signs ? expected.accepted() ? u"✓ "_s : u"■ "_s : QString()) + qs(checkSummary(expected))
                + (expected.unchecked.empty()
                        ? QString()
                        : u" · %1 not checked"_s.arg(countText(expected.unchecked.size(), u"rule"_s))));
        QCOMPARE(label("problems-title"), u"Problems · %1"_s.arg(expected.findings.size()));
        QCOMPARE(unfolded(), linesOf(expected));
        for (const Layer &layer : session().network()->layers)
            QCOMPARE(badgeOf(layer), badgeOf(expected, layer));
    }

    /// The sample's recipe has 16-bit biases, 6 and 4-bit weights and unsigned activations.
    void wholeLines()
    {
        openSample();
        choose(u"DPU"_s);
        QTRY_VERIFY(session().target().checked() != nullptr);
        QCOMPARE(label("problems-title"), u"Problems · 21"_s);
        QCOMPARE(label("problems-verdict"), u"■ The DPU refuses this model: 10 errors, 4 warnings, 7 notes"_s);
        const auto bits = [](const QString &layer, const QString &slot, int width) {
            return u"error | %1 | %1 %2: it has %3 bits: weights, biases and activations of the DPU have 8"_s.arg(
                layer, slot, QString::number(width));
        };
        const auto sign = [](const QString &layer) {
            return u"error | %1 | %1 act: it is unsigned: the DPU has signed integers alone, also behind a ReLU"_s.arg(
                layer);
        };
        const auto scale = [](const QString &layer) {
            return u"warning | %1 | %1 bias: its scale is that of weight times input (external scale), and a bias of "
                   u"the DPU has 8 bits at a position of its own: there it is rounded anew"_s.arg(layer);
        };
        QCOMPARE(test::printed(*m_window->problems()->model()),
            (QStringList{u"error | 5 layers | 7 × bit-width"_s, bits(u"conv1"_s, u"bias"_s, 16),
                bits(u"conv2"_s, u"weight"_s, 6), bits(u"conv2"_s, u"bias"_s, 16), bits(u"relu2"_s, u"act"_s, 6),
                bits(u"fc1"_s, u"weight"_s, 4), bits(u"fc1"_s, u"bias"_s, 16), bits(u"fc2"_s, u"bias"_s, 16),
                u"error | 3 layers | 3 × signedness"_s, sign(u"relu1"_s), sign(u"relu2"_s), sign(u"relu3"_s),
                u"warning | 4 layers | 4 × bias-scale-external"_s, scale(u"conv1"_s), scale(u"conv2"_s),
                scale(u"fc1"_s), scale(u"fc2"_s), u"note |  | 7 notes"_s}));
        const QModelIndex first = m_window->problems()->model()->index(1, ProblemModel::TextColumn);
        QCOMPARE(first.data(Qt::ToolTipRole).toString(),
            u"error, rule bit-width\nconv1\nconv1 bias: it has 16 bits: weights, biases and activations of the DPU "
            u"have 8\n"
            "do: bias_quant=Int8BiasPerTensorFixedPointInternalScaling\nfrom: Vitis AI 3.5, UG1414 and vai_q_pytorch"_s);
        QCOMPARE(m_window->problems()->model()->textOf(1),
            u"error: conv1 bias: it has 16 bits: weights, biases and activations of the DPU have 8 [bit-width]\n"
            "    do: bias_quant=Int8BiasPerTensorFixedPointInternalScaling\n    from: Vitis AI 3.5, UG1414 and vai_q_pytorch\n"_s);
    }

    /// No result is ever shown of another target, another recipe or another model.
    void nothingStale()
    {
        openModel();
        TargetStore &store = session().target();
        std::size_t seen = 0;
        connect(&store, &TargetStore::changed, this, [&] {
            if (!store.checked())
                return;
            ++seen;
            QCOMPARE(store.checked()->network, session().network());
            QCOMPARE(store.checked()->result.target, store.target());
            QCOMPARE(m_window->problems()->model()->checked(), store.checked());
        });
        for (const Target target : {Target::Finn, Target::Dpu, Target::Hls4ml, Target::Dpu})
            store.setTarget(target); // faster than any of them is done
        QVERIFY(!store.checked());
        QCOMPARE(label("problems-verdict"), u"The DPU: being checked…"_s);
        QTRY_VERIFY(store.checked() != nullptr);
        QCOMPARE(seen, std::size_t{1});
        const QString before = label("problems-verdict");
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QTRY_COMPARE(bits("fc1"), 5);
        QTRY_VERIFY(store.checked() != nullptr);
        QCOMPARE(store.checked()->network, session().network()); // not what was said of the other
        QCOMPARE(unfolded(), linesOf(asCommandLine(Target::Dpu)));
        session().undoStack().undo();
        QTRY_VERIFY(bits("fc1") != 5 && store.checked() != nullptr);
        QCOMPARE(label("problems-verdict"), before);
        m_window->open(QString::fromStdString(test::sample("digits_float.pt")));
        QTRY_VERIFY(session().path().endsWith(u"digits_float.pt") && store.checked() != nullptr);
        QCOMPARE(store.target(), std::nullopt);
        store.disconnect(this);
    }

    /// The choice is the model's own.
    void isKeptForEachModel()
    {
        openModel();
        choose(u"hls4ml"_s);
        const QString other = m_folder->filePath(u"other.pt"_s);
        QVERIFY(QFile::copy(m_model, other));
        m_window->open(other);
        QTRY_COMPARE(session().path(), other);
        QTRY_VERIFY(session().target().checked() != nullptr);
        QCOMPARE(box()->currentText(), u"No target"_s);
        openModel();
        QCOMPARE(box()->currentText(), u"hls4ml"_s);
        QTRY_VERIFY(session().target().checked() != nullptr);
        QCOMPARE(session().target().checked()->result.target, Target::Hls4ml);
        session().close();
        QVERIFY(!box()->isVisible());
    }

    /// A recipe's mutes are edited from the list, with undo, and are written with it.
    void muting()
    {
        openModel();
        choose(u"DPU"_s);
        QTRY_VERIFY(session().target().checked() != nullptr);
        const CheckResult before = session().target().checked()->result;
        const Finding first = before.findings.front();
        const std::string name = subjectName(*session().network(), first.subject);
        const int row = m_window->problems()->model()->rowOf(first).value_or(-1);
        trigger(row, u"Mute %1 everywhere"_s.arg(qs(first.rule)));
        QTRY_COMPARE(session().network()->recipe.mutes, std::vector<std::string>{first.rule});
        QVERIFY(session().recipeEdited());
        QTRY_VERIFY(session().target().checked() != nullptr);
        const auto checked = session().target().checked();
        const auto isFirst = [&](const Finding &finding) { return finding.rule == first.rule; };
        QCOMPARE(checked->muted.size(), static_cast<std::size_t>(std::ranges::count_if(before.findings, isFirst)));
        QCOMPARE(checked->result.findings.size() + checked->muted.size(), before.findings.size());
        QCOMPARE(unfolded(), linesOf(asCommandLine(Target::Dpu)));
        // Its sums are those of the same codes: they are not added up again.
        session().undoStack().undo();
        QTRY_VERIFY(session().network()->recipe.mutes.empty() && session().target().checked());
        QVERIFY(!session().recipeEdited());
        QCOMPARE(session().target().checked()->accumulators, checked->accumulators);
        session().undoStack().redo();
        QTRY_VERIFY(session().target().checked() && !session().target().checked()->muted.empty());
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QVERIFY2(read(m_recipe).contains("[checks]\nmute = [\"" + QByteArray::fromStdString(first.rule) + "\"]\n"),
            read(m_recipe).constData());
        QTRY_VERIFY(session().target().checked() && !session().target().checked()->muted.empty());
        unfolded();
        const int muted = m_window->problems()->model()->rowOf(first).value_or(-1);
        trigger(muted, u"Unmute "_s + qs(first.rule));
        QTRY_VERIFY(session().network()->recipe.mutes.empty());
        session().undoStack().setClean();
    }

    /// A tensor that cannot be read is an error of its layer, in the list too.
    void tensorThatCannotBeRead()
    {
        m_window->open(QString::fromStdString(test::data("onnx/bad_external_missing.onnx")));
        QTRY_VERIFY(session().target().checked() != nullptr);
        const CheckResult &result = session().target().checked()->result;
        QCOMPARE(unfolded(), linesOf(asCommandLine({})));
        const LayerModel &list = *m_window->layers()->model();
        QCOMPARE(list.index(list.rowOf(u"mm"_s), LayerModel::Problems).data(Qt::AccessibleTextRole).toString(),
            u"1 error: tensor-unreadable"_s);
        QCOMPARE(
            badgeOf(*session().network()->layer("mm")), u"1|error|1 error: tensor-unreadable: see the list below"_s);
        Q_EMIT m_window->problems()->table()->activated(m_window->problems()->model()->index(0, 0));
        QCOMPARE(session().selectedLayers(), QStringList{u"mm"_s});
        QVERIFY(result.findings.front().subject.tensor == "w");
    }

    /// The numbers are those that numpy found for the sample (checks/digits_accumulators).
    void sumsOfALayer()
    {
        openSample();
        QTRY_VERIFY(session().target().checked() != nullptr);
        session().selectLayers({u"conv2"_s});
        m_window->showPage(PageId::Overview);
        QTRY_COMPARE(label("accumulator-text"),
            u"Accumulator bits: 32 declared, 19 needed · sums −133,054 … 131,482 · channel 7 needs most · with the bias · "
            "input relu1\nonto relu2: x 2⁻⁹, exact"_s);
        session().selectLayers({u"relu1"_s});
        auto *bar = m_window->findChild<QWidget *>(u"accumulator"_s);
        QTRY_VERIFY(!bar->isVisible());
    }

private:
    void trigger(int row, const QString &text)
    {
        const std::unique_ptr<QMenu> menu(m_window->problems()->menu(row));
        QVERIFY(menu != nullptr);
        QStringList texts;
        for (QAction *found : menu->actions()) {
            texts << found->text();
            if (found->text() == text)
                return found->trigger();
        }
        QFAIL(qPrintable(u"none of "_s + texts.join(u" / "_s)));
    }
    CheckResult asCommandLine(std::optional<Target> target)
    {
        const auto inspection = inspect(session().network(), {.channels = true});
        const auto sums = accumulatorsOf(*session().network());
        return check(*inspection, target, &*sums);
    }
    /// Every row with all groups unfolded.
    QStringList unfolded()
    {
        ProblemModel &model = *m_window->problems()->model();
        for (int row = 0; row < model.rowCount(); ++row)
            model.setFolded(row, false);
        QStringList lines;
        for (int row = 0; row < model.rowCount(); ++row)
            if (const Finding *finding = model.finding(row); finding != nullptr && !model.isMuted(row))
                lines << model.index(row, 0).data().toString() + u' ' + qs(finding->rule) + u' '
                        + model.index(row, ProblemModel::LayerColumn).data().toString();
        return lines;
    }
    /// Grouped by rule, each severity in the order in which its rules come.
    QStringList linesOf(const CheckResult &result)
    {
        QStringList lines;
        std::vector<std::pair<Severity, std::string>> groups;
        for (const Finding &finding : result.findings)
            if (std::ranges::find(groups, std::pair(finding.severity, finding.rule)) == groups.end())
                groups.emplace_back(finding.severity, finding.rule);
        for (const auto &[severity, rule] : groups)
            for (const Finding &finding : result.findings)
                if (finding.rule == rule && finding.severity == severity) {
                    const QString name = shownText(subjectName(*session().network(), finding.subject));
                    lines << qs(severityName(severity)) + u' ' + qs(rule) + u' '
                            + (!name.isEmpty()     ? name
                                    : finding.node ? shownText(session().network()->flow.node(*finding.node).name)
                                                   : u"file"_s);
                }
        return lines;
    }
    QString badgeOf(const Layer &layer)
    {
        const LayerModel &model = *m_window->layers()->model();
        const QModelIndex cell = model.index(model.rowOf(qs(layer.name)), LayerModel::Problems);
        return cell.data().toString() + u'|' + cell.data(LayerModel::SeverityRole).toString() + u'|'
            + cell.data(Qt::ToolTipRole).toString();
    }
    /// "2|error|1 error, 1 warning: bit-width, zero-point: see the list below"
    static QString badgeOf(const CheckResult &result, const Layer &layer)
    {
        std::map<Severity, int> counts;
        QStringList rules;
        for (const Finding &finding : result.findings)
            if (finding.subject.layer == layer.id && finding.severity != Severity::Note) {
                ++counts[finding.severity];
                if (!rules.contains(qs(finding.rule)))
                    rules << qs(finding.rule);
            }
        if (counts.empty())
            return u"||"_s;
        QStringList words;
        int all = 0;
        for (const auto &[severity, count] : counts) {
            words << u"%1 %2%3"_s.arg(count).arg(qs(severityName(severity)), count == 1 ? QString() : u"s"_s);
            all += count;
        }
        return u"%1|%2|%3: %4: see the list below"_s.arg(all).arg(
            qs(severityName(counts.begin()->first)), words.join(u", "_s), rules.join(u", "_s));
    }
};

QTEST_MAIN(TargetsTest)
#include "tst_targets.moc"
