#include "items/layer_model.h"
#include "items/quantizer_model.h"
#include "look/theme.h"
#include "pages/export/export_page.h"
#include "pages/recipe/recipe_page.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "window_fixture.h"

#include <QCheckBox>
#include <QTableView>
#include <QTextDocument>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Every place of the window that says how a proof and the recipe differ, word for word.
class ProofDiffersTest : public QObject, protected test::WindowFixture {
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

    /// The recipe gives conv2's weights 6 bits and the scale 2⁻⁶, as the model was trained.
    void texts_data()
    {
        QTest::addColumn<QByteArray>("fields"); ///< of the proof
        QTest::addColumn<QString>("difference"); ///< empty: there is none
        QTest::newRow("the same") << QByteArray("bit_width = 6\nscale = [\"0x1p-6\"]\n") << QString();
        QTest::newRow("another scale") << QByteArray("bit_width = 6\nscale = [\"0x1p-5\"]\n")
                                       << u"scale[0] is 0.015625 here and 0.03125 in the live model"_s;
        QTest::newRow("another width") << QByteArray("bit_width = 5\nscale = [\"0x1p-6\"]\n")
                                       << u"6 bits here and 5 in the live model"_s;
    }
    void texts()
    {
        QFETCH(QByteArray, fields);
        QFETCH(QString, difference);
        const QByteArray recipe = read(QString::fromStdString(test::sample("digits_fixed.recipe.toml")));
        write(m_recipe, recipe + "\n[[proof]]\nlayer = \"conv2\"\nslot = \"weight\"\n" + fields);
        openModel();
        session().selectLayers({u"conv2"_s});
        const QStringList shown = headerTexts() + listTexts() + problemTexts() + overviewTexts() + recipeTexts();
        QCOMPARE(shown, difference.isEmpty() ? agreeing() : differing(difference));
    }

    /// The slot is left out, said before and after; what else the layer has is written.
    void exports()
    {
        const QByteArray recipe = read(QString::fromStdString(test::sample("digits_fixed.recipe.toml")));
        write(m_recipe, recipe + "\n[[proof]]\nlayer = \"conv2\"\nslot = \"weight\"\nscale = [\"0x1p-5\"]\n");
        openModel();
        run(u"Ctrl+6"_s);
        auto &page = static_cast<ExportPage &>(*m_window->pages()->page(PageId::Export));
        page.findChild<QCheckBox *>(u"export-verify"_s)->setChecked(false);
        session().selectLayers({u"conv1"_s, u"conv2"_s});
        page.refreshNow();
        QCOMPARE(label("export-doubts"),
            u"■ not exported, the proof in the recipe says otherwise: conv2 weight\n"
            "▲ scales or other fields of 1 of 2 layers are assumed"_s); // conv2's bias has the scale of its weight
        QVERIFY(button("export-write")->isEnabled());
        page.write();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }, 20000));
        QCOMPARE(label("export-result"), u"■ 1 slot refused; written, not verified"_s);
        QCOMPARE(label("export-note").section(u" · "_s, 1),
            u"▲ scales or other fields of 1 of 2 layers are assumed · conv2 weight is not what the live model "
            "computes: scale[0] is 0.015625 here and 0.03125 in the live model; left out"_s);
        const QByteArray written = read(m_folder->filePath(u"m_hw/conv2.h"_s));
        QVERIFY(written.contains("conv2_bias_raw") && !written.contains("conv2_weight_raw"));
    }

private:
    static QString plain(const QString &tip)
    {
        QTextDocument document;
        document.setHtml(tip);
        return document.toPlainText();
    }
    QStringList headerTexts()
    {
        const auto *recipe = m_window->findChild<QLabel *>(u"header-recipe"_s);
        return {u"header: "_s + recipe->text(), u"header tip: "_s + plain(recipe->toolTip())};
    }
    /// With the mark that the delegate paints behind a cell, and the badge of the problems.
    QStringList listTexts()
    {
        const QAbstractItemModel &list = *m_window->layers()->table()->model();
        QStringList lines;
        for (int row = 0; row < list.rowCount(); ++row) {
            if (list.index(row, LayerModel::Name).data().toString() != u"conv2")
                continue;
            for (const int column : {LayerModel::Bits, LayerModel::Scale}) {
                const QModelIndex cell = list.index(row, column);
                lines << u"list: %1%2 | %3"_s.arg(cell.data().toString(),
                    cell.data(LayerModel::WrongRole).toBool() ? u"✗"_s : QString(),
                    cell.data(Qt::ToolTipRole).toString());
            }
            const QModelIndex problems = list.index(row, LayerModel::Problems);
            lines << u"list: %1 %2"_s
                         .arg(problems.data(LayerModel::SeverityRole).toString(), problems.data().toString())
                         .trimmed();
        }
        return lines;
    }
    QStringList problemTexts()
    {
        QStringList lines;
        for (const QString &line : test::printed(*m_window->findChild<ProblemsPanel *>()->table()->model()))
            if (line.contains(u"proof") || line.contains(u"live model"))
                lines << u"problem: "_s + line;
        return lines;
    }
    QStringList overviewTexts()
    {
        m_window->showPage(PageId::Overview);
        m_window->pages()->page(PageId::Overview)->refreshNow();
        QStringList lines;
        for (const char *role : {"weight", "bias"})
            for (const char *badge : {"-wrong", "-assumed"}) {
                const auto *shown = m_window->findChild<QLabel *>(QLatin1String(role) + QLatin1String(badge));
                if (!shown->isHidden())
                    lines << joined(
                        u"overview: %1 %2"_s.arg(QLatin1String(role), shown->text()), plain(shown->toolTip()));
            }
        return lines;
    }
    QStringList recipeTexts()
    {
        m_window->showPage(PageId::Recipe);
        auto *page = static_cast<RecipePage *>(m_window->pages()->page(PageId::Recipe));
        page->refreshNow();
        QStringList lines{u"recipe: "_s + label("recipe-note")};
        const QAbstractItemModel &table = *page->table()->model();
        for (int row = 0; row < table.rowCount(); ++row) {
            const auto text = [&](int column) { return table.index(row, column).data().toString(); };
            if (text(QuantizerModel::Layer) == u"conv2")
                lines << joined(u"recipe: conv2 %1 %2"_s.arg(text(QuantizerModel::Slot), text(QuantizerModel::Source)),
                    table.index(row, QuantizerModel::Source).data(Qt::ToolTipRole).toString());
        }
        return lines;
    }
    static QString joined(const QString &text, const QString &tip)
    {
        return tip.isEmpty() ? text : text + u" | "_s + tip;
    }
    QStringList agreeing() const
    {
        return {u"header: beside it"_s, u"header tip: "_s + m_recipe, u"list: 6 | bits of a code; u means unsigned"_s,
            u"list: 2⁻⁶ | value = (code − zero point) · scale"_s, u"list:"_s,
            u"problem: note | file | recipe confirmed by the live model: 1 quantizer, 1 of them not in all fields and "
            "codes, which their proofs leave out; 11 quantizers without a proof"_s,
            u"recipe: A state_dict stores float weights and little about its quantizers; the recipe says what the "
            "training code said."_s,
            u"recipe: conv2 weight ✓ proof"_s, u"recipe: conv2 bias preset"_s};
    }
    static QStringList differing(const QString &difference)
    {
        const QString tip
            = u"proof differs: the live model or an export computed something else, see the problems below"_s;
        return {u"header: ■ proof differs"_s,
            u"header tip: a quantizer is not what the live model computed: see the problems"_s, u"list: 6✗ | "_s + tip,
            u"list: 2⁻⁶✗ | "_s + tip, u"list: error 1"_s, u"problem: error | conv2 | conv2 weight: "_s + difference,
            u"overview: weight ■ proof differs | contradicted: "_s + difference, u"overview: bias ▲ assumed"_s,
            u"recipe: ■ The live model computed something else, as the proofs in this recipe have it: see the problems."_s,
            u"recipe: conv2 weight ■ proof differs | contradicted: "_s + difference,
            u"recipe: conv2 bias ▲ assumed | Nobody has confirmed:\nscale: weight scale times input scale (relu1); the "
            "weight's quantizer is assumed"_s};
    }
};

QTEST_MAIN(ProofDiffersTest)
#include "tst_proof_differs.moc"
