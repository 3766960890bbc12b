export default `324
TrackMyDegree
Aller au contenu
Nouveau plan
Mes plans
English
English : afficher cette page en anglais
Les documents sont supprimés quelques secondes après leur lecture, les résultats après 24 heures.
Chargement
Réessayer
Fermer
Annuler
Requête {id}
Tâche {id}
Trace {id}
Les plus proches : {names}
Un problème est survenu dans cette page. Rechargez-la.
Quitter ce plan?
Il contient des modifications non enregistrées.
Quitter
Rester
{count} crédit|{count} crédits
Voyez ce qu’il reste de votre programme
Donnez votre relevé de notes et planifiez les trimestres qui restent. Personne d’autre ne le voit.
Non officiel : consultez votre conseiller avant de décider.
Aucun fichier choisi
Couvre des programmes de l’école Gina-Cody
Couvre {count} programme de l’école Gina-Cody|Couvre {count} programmes de l’école Gina-Cody
La liste des programmes n’a pas pu être chargée.
À partir de votre relevé ou de votre lettre d’admission
Choisir le PDF
Relevé de notes non officiel ou lettre d’admission, 10 Mio au plus. Vous pouvez le déposer n’importe où sur cette page.
Le lire
Choisissez d’abord un PDF.
Un seul document à la fois, s’il vous plaît.
Ce fichier dépasse 10 Mio. Imprimez de nouveau le document en PDF, sans images.
Ce fichier n’est pas un PDF. Enregistrez le document en PDF et choisissez ce fichier.
Ce fichier est vide. Téléchargez-le de nouveau.
Comment obtenir ce PDF?
Ouvrez le Student Centre et choisissez « View my student record », ou ouvrez votre relevé de notes non officiel.
Imprimez la page (Ctrl+P, sur Mac ⌘P) et choisissez « Enregistrer au format PDF » comme imprimante.
Enregistrez-le et choisissez ce fichier ici. Une photo ou une numérisation ne peut pas être lue.
Mes plans
Tous mes plans
Planifier sans document
Programme
Choisir un programme
Annuaire
Celui de mon premier trimestre
Premier trimestre
Dernier trimestre
Saison du premier trimestre
Année du premier trimestre
Saison du dernier trimestre
Année du dernier trimestre
Régime coop
Programme à crédits additionnels (ECP)
Exigence de rédaction satisfaite
Partir de
Trimestres vides
Le cheminement publié « {name} »
Les cheminements publiés n’ont pas pu être chargés.
Commencer à planifier
Choisissez un programme.
Le dernier trimestre précède le premier.
Ce qui a été lu
Comparez avec votre document et corrigez ce qui est faux. Passez ensuite au plan.
{read} ligne sur {count}|{read} lignes sur {count}
Chaque ligne qui ressemble à un cours a été lue.
Des lignes n’ont pas pu être lues. Ajoutez leurs cours ici, ou imprimez de nouveau le document.
{read} crédits lus, {printed} imprimés comme obtenus
{read} crédits obtenus
Le document imprime un autre nombre de crédits que la somme de ses lignes.
À vérifier
page {page}
imprimé {expected}, lu {found}
D’ailleurs
Cours
Titre
Crédits
Page
Dans votre plan
Corriger
Corriger {code}, {term}
Corriger {code}
Qu’est-ce qui est juste?
Je l’ai réussi, {term}
Je ne l’ai pas réussi
Je l’ai fait ailleurs (transféré)
J’en suis exempté
Il n’a pas sa place ici : le retirer, {term}
Ajouter un cours
Ajouter un cours qui n’a pas été lu
Sigle du cours
Par exemple COMP 248
Trimestre
Écrivez des lettres et un numéro, par exemple COMP 248.
Corriger
{code} est corrigé.
{code} est ajouté.
Transféré d’ailleurs
Exempté
Afficher toutes les lignes
Masquer les lignes
{count} cours, {credits} crédits|{count} cours, {credits} crédits
Les moyennes imprimées pour {terms} ne sont pas celles des lignes lues. Une ligne manque peut-être, ou a été mal lue.
tout le dossier
à vérifier
Passer au plan
Ce qui a été lu n’est conservé qu’une heure. Le plan est toujours là.
Choisissez votre programme
Votre document a été lu, sauf son programme. Choisissez-le et continuez; le document n’est plus nécessaire.
Les plus proches
Un autre programme
Continuer
Répondez avant {time}
La lecture a échoué
Choisir un autre fichier
Mes plans
Rien d’enregistré pour l’instant. Enregistrez un plan et il paraîtra ici.
Sans nom
modifié le {date}
Ouvrir
Ouvrir {name}
Renommer
Renommer {name}
Renommer le plan
Nom
Copier
Copier {name}
{name} (copie)
Copie en cours
« {name} » est une copie.
Supprimer
Supprimer {name}
Supprimer ce plan?
« {name} » est supprimé pour de bon.
« {name} » est supprimé.
Il s’appelle maintenant « {name} ».
En afficher plus
Vos plans n’ont pas pu être chargés.
Coop
Connexion
Connectez-vous de nouveau
Votre session a pris fin. Rien n’est perdu : connectez-vous et ce que vous avez fait est renvoyé.
Connectez-vous pour voir et conserver vos plans.
Jeton d’accès
Ce serveur en demande un. Il reste dans cet onglet seulement.
Ce jeton est faux ou expiré. Vérifiez-le et réessayez.
Continuer
Se connecter
Se connecter dans un nouvel onglet
Essayer sans compte
Ce que fait un invité est conservé un jour. Connectez-vous pour le garder.
Se déconnecter
Vous êtes déconnecté.
Invité
Compte
Mes données
Tout ce qui est conservé de vous ici : les plans enregistrés et les travaux des 24 dernières heures.
Tout télécharger
Tout supprimer
Tout supprimer?
Tous les plans enregistrés et les résultats sont supprimés pour de bon.
Tout est supprimé.
Ce plan
Parties du plan
Progression
Annuaire {calendar}
Enregistrer
Annuler
Rétablir
Imprimer
Plus…
Enregistrer ce plan
Mon plan
Non enregistré, gardé jusqu’au {time}
Gardé seulement dans cet onglet
Enregistrement
Changements pas encore enregistrés
Enregistré à {time}
Enregistré
Enregistré sous « {name} ». Les changements s’enregistrent désormais d’eux-mêmes.
Non officiel. Consultez votre conseiller avant de décider. Imprimé le {date}.
{completed} de {required} faits
Vous pouvez finir après {term}.
Selon ce plan, vous finissez après {term}.
Au plus tôt : {term}.
Le plus long : {courses}
Aucune façon de finir en douze ans n’a été trouvée.
Tout est fait.
{count} chose à vérifier|{count} choses à vérifier
Choses à vérifier
ou
Ce qui reste
Rien ne reste à prévoir. Chaque exigence est faite, en cours ou prévue.
Il reste {left} sur {all}
{count} cours du plan reste à choisir.|{count} cours du plan restent à choisir.
Montrer
Choisir {credits}
parmi {count} cours|parmi {count} cours
Prévoir…
Prévoir {code}
Trouver un cours…
{code} est dû en plus du programme
{credits} ne comptent pas pour les {required}
Exempté, d’ailleurs, dû ou épinglé ({n})
compte dans {pool} par votre choix
Détails…
Détails de {code}
Chercher
Offert en
Toute saison
Seulement ce que je peux suivre ensuite
{count} cours|{count} cours
{shown} de {count} cours
20 de plus
Tapez un sigle ou un mot du titre.
Les cours n’ont pas pu être chargés. Fermez et réessayez.
Choisir
Choisir {code}
Maintenant et ensuite
Ajouter un trimestre…
Planifier le reste pour moi…
Rien de prévu
en cours
Déplacer…
Déplacer {code}
Choisir un cours…
Choisir un cours pour {name}
Retirer {code}
Enregistrement
Retirer
Changer {term}
Ajouter un trimestre
Ajouter
Saison
Année
Renommer le trimestre
Insérer le trimestre suivant
Retirer ce trimestre
Le retirer avec son cours|Le retirer avec ses {count} cours
Déplacer
Prévoir
ici maintenant
Pas prévu
Dans quel trimestre?
offert en {seasons}
Où il compte, et ce que vous en savez
{credits} comptent dans {pool}.
Le compter dans
Épingler
Détacher
Le département est d’accord
Le département est d’accord
Revenir là-dessus
Le département est d’accord.
Exigences
{degree}, annuaire {calendar}. Non officiel.
Les exigences n’ont pas pu être chargées.
{done} sur {all}
pourrait compter dans {pools}
Le compter dans {pool}
Ce qui pourrait la remplir
offert au prochain trimestre
{count} de plus…|{count} de plus…
Ne compte pas
Vos épingles coûtent {credits}.
Vos cours dans chaque programme
Ce que vous avez fait et prévu, mesuré par chaque programme. Le moins de crédits à faire d’abord.
Les programmes n’ont pas pu être comparés.
Voir les exigences de {degree}
le vôtre
{done} exigences faites sur {all}
Dans {degree}
Tous les programmes
En faire un plan
Vos cours forment maintenant un plan de {degree}, enregistré sous Mes plans.
Deux plans côte à côte
Il n’y a pas d’autre plan enregistré. Enregistrez d’abord une copie sous Plus.
Comparer avec
L’autre plan n’a pas pu être chargé.
Ce plan
Programme
À prévoir
Prévu
Fini après
Choses à vérifier
Les deux plans ont les mêmes cours aux mêmes trimestres.
Plus
OK
Renommer…
Enregistrer une copie…
Autres programmes
Comparer avec un autre plan
En fichier
Télécharger (JSON)
Télécharger pour un tableur (CSV)
Télécharger pour un agenda (iCalendar)
Ouvrir un plan téléchargé (JSON)
Ce fichier n’est pas un plan qui peut être ouvert.
Supprimer de ce serveur…
Supprimer ce résultat?
Le résultat est supprimé de ce serveur. Un plan enregistré reste sous Mes plans.
Supprimer
Le résultat est supprimé.
Planifier le reste pour moi
Au plus, crédits par trimestre
À partir de
Les étés aussi
Garder ce que j’ai prévu
Autres souhaits
Cours que je veux (sigles, avec des virgules)
Cours que je ne veux pas
Stages : S études, W stage, - congé, une lettre par trimestre
Montrer ce que ce serait
Recherche du plan le plus court
Il n’y a pas de tel plan.
Le reprendre
Le plan est repris. Annuler le retire.
Rien ne reste à prévoir.
Fini après {term}, en {count} trimestre d’études.|Fini après {term}, en {count} trimestres d’études.
Aucun plan n’est plus court.
Il faut au moins {count} trimestre.|Il faut au moins {count} trimestres.
stage
term.
winter Hiver
spring Printemps
summer Été
fall Automne
wait.
title Préparation de votre plan
titleDocument Lecture de votre document
sent Envoyé
read Lu
built Prêt
sending Envoi
sendingPart Envoi, {percent} %
queued En attente de son tour
starting Démarrage, d’habitude {workerStartSeconds} s
processing Lecture et préparation
retrying Un service n’a pas répondu. Un nouvel essai suit.
done Terminé
soon D’habitude moins d’une minute. Vous pouvez fermer cette page et revenir.
offline Pas de connexion, nouvel essai en cours
online La connexion est rétablie
slow Le réseau est lent.
keep Continuer d’attendre
stop Arrêter
stopped Arrêté. Rien n’en est conservé.
sendAgain L’envoyer de nouveau
read.
stateCompleted Réussi
stateInprogress En cours
statePlanned Planifié
stateIncomplete Non réussi
stateNone Pas dans le plan
warning.
credits_differ Les crédits imprimés ne sont pas la somme des lignes. Une ligne manque peut-être.
page_without_rows Une page n’a pas été lue. Un cours manque peut-être.
row_not_understood Une ligne n’a pas été bien lue. Vérifiez-la, ou ajoutez le cours.
transfer_not_understood Une ligne n’a pas été bien lue. Vérifiez-la, ou ajoutez le cours.
other_calendar Les exigences sont celles d’une autre année que votre admission, et peuvent différer.
program_ignored Le document nomme un autre programme, qui n’est pas compté ici.
second_document Le fichier contient aussi un autre document. Un seul a été lu.
grade_unknown La note de ce cours n’est pas connue. Vérifiez si le cours compte.
course_unknown Ce cours n’est pas dans l’annuaire. Ses crédits sont ceux du document.
course_renamed Ce cours compte pour son équivalent dans l’annuaire.
problem.
offline Le serveur est injoignable. Vérifiez la connexion et réessayez.
upload_cut L’envoi a été interrompu. Rien n’est perdu : envoyez-le de nouveau.
not_a_pdf Ce fichier n’est pas un PDF. Enregistrez le document en PDF et choisissez ce fichier.
unsupported_kind Ce genre de fichier n’est pas accepté. Choisissez un PDF.
too_large Le fichier dépasse 10 Mio. Imprimez de nouveau le document en PDF, sans images.
encrypted Le PDF est protégé par un mot de passe. Enregistrez-le sans mot de passe et choisissez-le de nouveau.
no_text Le PDF ne contient que des images. Imprimez la page en PDF depuis le navigateur.
corrupt Le PDF est endommagé et ne peut pas être lu. Téléchargez-le ou imprimez-le de nouveau.
unrecognized_document Le PDF n’est ni un dossier étudiant ni une offre d’admission. Choisissez l’un des deux.
too_many_pages Le PDF a plus de 60 pages. Choisissez seulement le dossier étudiant ou l’offre d’admission.
too_complex La lecture du PDF prend trop de temps. Imprimez de nouveau la page en PDF depuis le navigateur.
unreadable_rows Les lignes de cours ne peuvent pas être lues. Ouvrez le dossier étudiant dans un navigateur et imprimez-le en PDF.
incomplete_document Une partie du document ne peut pas être lue. Imprimez tout le dossier étudiant en PDF.
bad_request Le serveur n’a pas compris cette page. Rechargez-la.
method_not_allowed Le serveur n’a pas compris cette page. Rechargez-la.
sign_in_unavailable La connexion n’est pas possible pour le moment. Réessayez sous peu.
degree_not_found Le programme que nomme le document n’est pas des nôtres. Choisissez votre programme.
degree_ambiguous Le programme que nomme le document correspond à plusieurs programmes. Choisissez le vôtre.
degree_missing Le document ne nomme aucun programme. Choisissez le vôtre.
facts_expired Ce qui a été lu du document n’est plus conservé. Choisissez de nouveau le document.
invalid_form Des champs manquent ou sont faux.
timeline_not_found Ce plan n’est plus ici. Il a peut-être été supprimé.
job_not_found Ce plan n’est plus ici : les résultats sont conservés 24 heures. Ouvrez un plan enregistré ou choisissez de nouveau le document.
conflict Cela ne correspond plus au plan. Chargez-le de nouveau.
precondition_failed Il a été modifié dans un autre onglet. Votre modification n’a pas été faite.
worker_lost La lecture a été interrompue trois fois. Imprimez de nouveau le document en PDF, ou planifiez sans lui.
unauthorized Vous n’êtes pas connecté. Connectez-vous et réessayez.
forbidden Votre compte ne permet pas cela.
not_found Il n’y a rien à cette adresse.
too_many_requests Trop de requêtes. Attendez une minute et réessayez.
too_many_jobs Plusieurs de vos plans sont encore en préparation. Attendez que certains soient prêts et réessayez.
parser_unavailable Les documents ne peuvent pas être lus pour le moment. Réessayez sous peu.
database_unavailable La base de données est injoignable pour le moment. Réessayez sous peu.
storage_unavailable Les fichiers ne peuvent pas être conservés pour le moment. Réessayez sous peu.
queue_unavailable Aucun travail ne peut être accepté pour le moment. Réessayez sous peu.
draining Le système est en entretien. Réessayez dans quelques minutes.
timeout Cela a pris trop de temps. Réessayez sous peu.
internal Un problème est survenu de notre côté. Réessayez sous peu.
plan.tab.
left Ce qui reste
plan Plan
terms Trimestres
audit Exigences
plan.part.
completed {credits} : faits
inProgress {credits} : en cours
planned {credits} : prévus
remaining {credits} : à prévoir
plan.repeat.
failed Reprendre {code} : aucun crédit obtenu
c_minus Reprendre {code} : il faut C- ou mieux
plan.state.
completed Fait
inprogress En cours
planned Prévu
incomplete Aucun crédit
transfer Crédits d’ailleurs
exemption Exempté, ne donne aucun crédit
placeholder À choisir
other Une autre tentative compte
notPosted Pas encore de note
notRecognised Note non reconnue
discontinued Abandonné
audited Auditeur, aucun crédit
noSubmission Échec (rien remis)
repeat Reprise exigée
failed Échec
owed Dû en plus du programme
plan.past.
title Passé : {count} trimestre, {credits}|Passé : {count} trimestres, {credits}
only Seulement ce qui ne compte pas
course Cours
credits Crédits
state État
counts Compte dans
nowhere Ne compte pas
elsewhere Sans trimestre
plan.mark.
transferred Je l’ai suivi ailleurs
exempted J’en suis exempté
deficient Je le dois en plus du programme
plan.unmark.
transferred Je ne l’ai pas suivi ailleurs
exempted Je n’en suis pas exempté
deficient Je ne le dois pas
plan.said.
moved {code} est dans {term}.
removed {code} n’est plus prévu.
added {term} est ajouté.
renamed Le trimestre est maintenant {term}.
inserted Un trimestre est inséré.
termRemoved {term} est retiré.
pinned {code} est épinglé.
unpinned {code} n’est plus épinglé.
marked Noté pour {code}.
waived La remarque compte comme respectée.
unwaived La remarque vaut de nouveau.
undo Annulé.
redo Rétabli.
plan.failed.
error Votre changement n’a pas été fait.
changed Changé dans un autre onglet; voici la dernière version. Votre changement n’a pas été fait.
gone Le serveur n’a plus ce plan (les résultats sont gardés 24 heures). Il n’existe plus que dans cet onglet : enregistrez-le pour continuer.
replaced Le plan enregistré a été changé dans un autre onglet. Le vôtre n’a pas été enregistré.
signin Votre connexion a pris fin. Connectez-vous et réessayez : votre changement est toujours là.
plan.again.
error Réessayer
changed Le refaire
replaced Enregistrer le mien
signin Réessayer
plan.remark.
prerequisite Exige {courses} avant.
prerequisite_c_minus Exige {courses} avec C- ou mieux avant.
corequisite Exige {courses} au même trimestre ou avant.
prerequisite_or_corequisite Exige {courses} au même trimestre ou avant.
excluded Ne compte pas avec {courses}.
credits_before Exige {credits} crédits avant; il en manque {missing}.
not_offered D’habitude en {seasons}.
overload {missing} crédits de plus que les {credits} d’un trimestre.
repeated Plus d’une fois dans le plan; compte une fois.
c_minus À reprendre : il faut C- ou mieux.
coop_start Commence par un stage.
coop_end Finit par un stage.
coop_early Deux trimestres d’études précèdent le premier stage.
coop_in_a_row Plus de deux stages de suite.
coop_order Les stages ne sont pas dans l’ordre.
coop_missing Le régime coopératif compte trois stages.
other À vérifier.
plan.remedy.
from Possible dès {term}.
done Rien à faire : le cours est terminé.
advisor Consultez votre conseiller.
prerequisite Prévoyez-le d’abord.
corequisite Prévoyez-le avant ou en même temps.
prerequisite_or_corequisite Prévoyez-le avant ou en même temps.
excluded Choisissez un autre cours.
credits_before Déplacez-le à un trimestre ultérieur.
not_offered Vérifiez l’horaire ou déplacez-le.
overload Déplacez un cours ou demandez la permission.
repeated Retirez-le, à moins de le reprendre pour la note.
c_minus Prévoyez-le de nouveau.
coop_start Étudiez d’abord.
coop_end Prévoyez un trimestre d’études après.
coop_early Déplacez le stage.
coop_in_a_row Prévoyez un trimestre d’études entre eux.
coop_order Mettez-les en ordre.
coop_missing Prévoyez les autres.
audit.because.
required obligatoire
elective au choix
overflow au-delà de ce qu’une autre exigence peut utiliser
equivalent à la place de {course}
only_place sa seule place
waived par accord
pinned par votre choix
audit.uncounted.
not_listed aucune exigence de ce programme ne le mentionne
no_room ce qui le mentionne est complet
excluded un autre cours l’exclut
repeated il compte une fois
not_earned il n’a donné aucun crédit
work_term les stages ne donnent pas de crédits du programme
no_credits exempté, ne donne aucun crédit
not_yet_due pas encore suivi
audit.status.
complete faite
in_progress en cours
planned prévue
missing pas encore
audit.column.
course Cours
credits Compte
state État
why Pourquoi ici
wish.because.
kept gardé où il était
work_term stage
critical plus tard, vous finiriez plus tard
earliest aussi tôt que possible
level pour une charge égale
pool.
Aerospace_Engineering Génie aérospatial
Engineering Génie
Aerodynamics_and_Propulsion Aérodynamique et propulsion
Aerospace_Structures_and_Materials Structures et matériaux aérospatiaux
Avionics_and_Aerospace_Systems Avionique et systèmes aérospatiaux
Building_Engineering Génie du bâtiment
Chemical_Engineering Génie chimique
Civil_Engineering Génie civil
Computer_Engineering Génie informatique
Artificial_Intelligence Intelligence artificielle
Computation_Arts Arts et informatique
Computer_Science Informatique
Joint_Major_in_Computation_Arts_and_Computer_Science majeure en arts et informatique
Other_Required autres, obligatoires
Data_Science Science des données
Joint_Major_in_Data_Science majeure en science des données
General Formation générale
Mathematics_and_Statistics Mathématiques et statistique
BCompSc_other_than_Joint_Majors_ BCompSc (hors majeures conjointes)
Health_and_Life_Sciences Sciences de la santé et de la vie
Mathematics Mathématiques
Co_op_Work_Terms Stages du programme coop
Cybersecurity_Engineering Génie de la cybersécurité
Engineering_and_Natural_Science Génie et sciences naturelles
Cybersecurity Cybersécurité
BSc_Cybersecurity BSc en cybersécurité
General_Education_Humanities_and_Social_Sciences Culture générale, lettres et sciences humaines
Electrical_Engineering Génie électrique
Natural_Science Sciences naturelles
Industrial_Engineering Génie industriel
Mechanical_Engineering Génie mécanique
Software_Engineering Génie logiciel
Other_credits Autres crédits
Deficiencies Cours d’appoint
Complementary_Core Tronc commun complémentaire
Core Tronc commun
Technical_Elective_Courses Cours techniques au choix
Electives Cours au choix
Group Groupe
Courses Cours
ECP crédits supplémentaires
field.
other Ne convient pas : {field}`