from bertqa import main

main()
